import { matchesFilter } from '@ironflow/core/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FilterIndex } from '../../src/engine/filter-index'

const token = fc.constantFrom('a', 'b', 'c')
const keys = fc.array(token, { minLength: 1, maxLength: 3 }).map((tokens) => tokens.join('.'))
const filters = fc
  .tuple(fc.array(fc.oneof(token, fc.constant('*')), { maxLength: 2 }), fc.oneof(token, fc.constantFrom('*', '>')))
  .map(([tokens, last]) => [...tokens, last].join('.'))
const steps = fc.array(fc.record({ do: fc.constantFrom('add', 'add', 'remove'), filter: filters, item: fc.nat(3) }), {
  maxLength: 40,
})

test('FilterIndex: finds the items of all filters that admit a key, whatever was added and removed before', () => {
  const property = fc.property(steps, fc.array(keys), (todo, names) => {
    const index = new FilterIndex<number>()
    const model = new Set<string>()
    for (const { do: what, filter, item } of todo) {
      index[what as 'add' | 'remove'](filter, item)
      model[what === 'add' ? 'add' : 'delete'](`${filter} ${item}`)
    }
    for (const key of names) {
      const found = new Set(index.match(key).flatMap((set) => [...set]))
      const pairs = [...model].map((each) => each.split(' ') as [string, string])
      const wanted = pairs.filter(([filter]) => matchesFilter(key, filter)).map(([, item]) => Number(item))
      expect(found, key).toEqual(new Set(wanted))
    }
  })
  fc.assert(property, { numRuns: 1_000 })
})

test('FilterIndex: nothing is left of filters whose items were removed', () => {
  const index = new FilterIndex<number>()
  const all = ['a', 'a.*', 'a.*.>', '>', 'b.c.d']
  for (const filter of all) index.add(filter, 1)
  for (const filter of all) index.remove(filter, 1)
  index.remove('never.there', 1)
  expect(index).toEqual(new FilterIndex<number>())
})
