import { expect, it } from 'vitest'
import { type Identified, packResults, unpackResults } from '../../../src/engine/sqlite/applied-row'

const AT = 1_700_000_000_000

const RECORD = {
  name: 'b',
  epoch: 'er1',
  history: 1,
  maxValueSize: 10,
  createdAt: AT,
  createdRevision: 1,
  values: 0,
  bytes: 0,
}

const RESULTS: Identified[] = [
  ['put', { kind: 'written', life: 3, revision: 1_000_001, createdAt: AT - 2, expiresAt: undefined }],
  ['timed', { kind: 'written', life: 3, revision: 1_000_002, createdAt: AT, expiresAt: AT + 60_000 }],
  ['deletion', { kind: 'unchanged', life: 3, revision: 17, createdAt: AT - 90_000 }],
  ['nothing', { kind: 'unchanged', life: undefined, revision: 0, createdAt: AT }],
  ['bucket', { kind: 'bucket', record: RECORD, more: false }],
  ['removal', { kind: 'removed', life: 3, revision: 1_000_003, createdAt: AT + 1 }],
]

it('results come back as they were', () => {
  expect(unpackResults(packResults(RESULTS, AT), AT)).toEqual(RESULTS)
})

it('a result takes few characters beside its identity', () => {
  const [first] = RESULTS
  const results = Array.from({ length: 10 }, () => first as Identified)
  expect(packResults(results, AT).length / 10 - 'put'.length).toBeLessThan(20)
})

it('a result of an unknown kind is refused', () => {
  expect(() => unpackResults('[["k",9,1,1,0]]', AT)).toThrow(/unknown kind 9/)
})
