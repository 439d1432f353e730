import { filterRule, matchesFilter } from '@ironflow/core/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeyFilter } from '../../src/engine/key-filter'
import { compareKeys } from '../../src/engine/key-order'

const token = fc.constantFrom('a', 'b', 'a-', 'é', '\ue000', '😀')
const keys = fc.array(token, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join('.'))
const filters = fc
  .tuple(fc.array(fc.oneof(token, fc.constant('*')), { maxLength: 3 }), fc.oneof(token, fc.constantFrom('*', '>')))
  .map(([tokens, last]) => [...tokens, last].join('.'))

test('KeyFilter: admits what any of its filters admits', () => {
  const property = fc.property(fc.array(filters, { maxLength: 70 }), fc.array(keys), (wanted, names) => {
    expect(wanted.map(filterRule).filter(Boolean)).toEqual([])
    const filter = new KeyFilter(wanted)
    for (const key of names) {
      expect(filter.matches(key), key).toBe(wanted.some((each) => matchesFilter(key, each)))
    }
  })
  fc.assert(property, { numRuns: 1_000 })
})

test('KeyFilter: its ranges are in order and disjoint, and every admitted key is in one of them', () => {
  const property = fc.property(fc.array(filters, { maxLength: 12 }), fc.array(keys), (wanted, names) => {
    const filter = new KeyFilter(wanted)
    const { ranges } = filter
    const isIn = (key: string, { start, isKey }: (typeof ranges)[number]) =>
      isKey ? key === start : key.startsWith(start)
    for (const [index, range] of ranges.slice(1).entries()) {
      const before = ranges[index] as typeof range
      expect(compareKeys(before.start, range.start)).toBeLessThan(0)
      expect(isIn(range.start, before)).toBe(false)
    }
    for (const key of names.filter((each) => filter.matches(each))) {
      expect(
        ranges.filter((range) => isIn(key, range)),
        key,
      ).toHaveLength(1)
    }
  })
  fc.assert(property, { numRuns: 1_000 })
})

test('KeyFilter: narrow filters leave out the rest of a bucket', () => {
  expect(new KeyFilter(['user.2.>', 'a', 'user.1.*.name', 'user.2.x', 'a']).ranges).toEqual([
    { start: 'a', isKey: true },
    { start: 'user.1.', isKey: false },
    { start: 'user.2.', isKey: false },
  ])
  expect(new KeyFilter(undefined).ranges).toEqual([{ start: '', isKey: false }])
})
