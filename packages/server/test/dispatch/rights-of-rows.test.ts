import type { MethodRow } from '@ironflow/core/protocol'
import { expect, test } from 'vitest'
import { knownRight, rightOf } from '../../src/dispatch/authorize'
import { ALL_TARGETS } from '../../src/domain/rights'

const ROW: MethodRow = { verb: 'POST', path: '/things', access: 'write', resource: 'kv', target: 'name' }
const right = { access: 'write', resource: 'kv' }

test('the target of a call is the parameter that its row names, else the default of the row', () => {
  expect(rightOf(ROW, { name: 'a' })).toEqual({ ...right, target: 'a' })
  expect(rightOf({ ...ROW, targetDefault: 'all' }, {})).toEqual({ ...right, target: 'all' })
  expect(rightOf({ ...ROW, targetDefault: 'all' }, { name: 'a' })).toEqual({ ...right, target: 'a' })
})

test('a call that has no target though its row names one needs the right to all there are', () => {
  expect(rightOf(ROW, {})).toEqual({ ...right, target: ALL_TARGETS })
})

test('while the target is not known, a right to any one is enough', () => {
  expect(knownRight(ROW, {})).toEqual(right)
  expect(knownRight(ROW, { name: 'a' })).toEqual({ ...right, target: 'a' })
})
