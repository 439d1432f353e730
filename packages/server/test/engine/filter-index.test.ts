import { matchesFilter } from '@ironflow/core/protocol'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { FilterIndex } from '../../src/engine/filter-index'
import { FilterSet } from '../../src/engine/filter-set'

const token = fc.constantFrom('a', 'b', 'c')
const keys = fc.array(token, { minLength: 1, maxLength: 3 }).map((tokens) => tokens.join('.'))
const filters = fc
  .tuple(fc.array(fc.oneof(token, fc.constant('*')), { maxLength: 2 }), fc.oneof(token, fc.constantFrom('*', '>')))
  .map(([tokens, last]) => [...tokens, last].join('.'))
const token9 = fc.constantFrom('a', 'b')
/** Longer than the prefixes by which items are found. */
const longKeys = fc.array(token9, { minLength: 7, maxLength: 11 }).map((tokens) => tokens.join('.'))
const longFilters = fc
  .tuple(
    fc.array(fc.oneof({ weight: 5, arbitrary: token9 }, fc.constant('*')), { minLength: 7, maxLength: 10 }),
    filters,
  )
  .map(([tokens, last]) => [...tokens, last].join('.'))
const step = fc.record({
  do: fc.constantFrom('add', 'add', 'remove'),
  item: fc.nat(5),
  filters: fc.array(fc.oneof(filters, longFilters), { minLength: 1, maxLength: 40 }),
})

test('FilterIndex: finds, once, each item of which a filter admits a key, whatever was added and removed before', () => {
  const names = fc.array(fc.oneof(keys, longKeys))
  const property = fc.property(fc.array(step, { maxLength: 12 }), names, (todo, names) => {
    const index = new FilterIndex<number>()
    const model = new Map<number, readonly string[]>()
    for (const { do: what, item, filters } of todo) {
      const known = model.get(item)
      if (what === 'add' && !known) {
        index.add(item, filters)
        model.set(item, filters)
      } else if (what === 'remove') {
        index.remove(item, known ?? filters)
        model.delete(item)
      }
    }
    for (const key of [...names, ...longFilterKeys(model)]) {
      const wanted = [...model].filter(([, filters]) => filters.some((each) => matchesFilter(key, each)))
      expect([...index.match(key)].sort(), key).toEqual(wanted.map(([item]) => item).sort())
    }
  })
  fc.assert(property, { numRuns: 300 })
})

/** Keys that the filters admit: of long ones, no random key would be. */
function longFilterKeys(model: ReadonlyMap<number, readonly string[]>): string[] {
  return [...model.values()].flat().map((filter) => filter.replaceAll('*', 'b').replaceAll('>', 'a.b'))
}

test('FilterIndex: nothing is left of items that were removed', () => {
  const index = new FilterIndex<number>()
  const all = ['a', 'a.*', 'a.*.>', '>', 'b.c.d', 'a.a.a.a.a.a.a.a.a.>']
  index.add(1, all)
  index.remove(1, all)
  index.remove(2, ['never.there'])
  expect(index).toEqual(new FilterIndex<number>())
})

test('FilterIndex: filters that start or end otherwise than the key are not asked', () => {
  const index = new FilterIndex<number>()
  const asked = vi.spyOn(FilterSet.prototype, 'admits')
  for (let item = 0; item < 100; item++) index.add(item, [`user.${item}.*`, `*.${item}`, `a.*.${item}.>`, `${item}.>`])
  expect([...index.match('user.7.name')]).toEqual([7])
  expect(asked).toHaveBeenCalledTimes(1)
  asked.mockRestore()
})

test('FilterIndex: an item that many filters lead to is asked once', () => {
  const index = new FilterIndex<number>()
  index.add(1, ['*.*.c', 'a.*.c', 'a.b.*', '*.b.*', '*.>', 'a.*.>'])
  const asked = vi.spyOn(FilterSet.prototype, 'admits')
  expect([...index.match('a.b.c')]).toEqual([1])
  expect(asked).toHaveBeenCalledTimes(1)
  asked.mockRestore()
})
