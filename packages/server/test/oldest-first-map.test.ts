import { expect, test } from 'vitest'
import { OldestFirstMap } from '../src/oldest-first-map'

/** Takes out everything, oldest first. */
function drain(map: OldestFirstMap<number>): string[] {
  const keys: string[] = []
  for (let oldest = map.oldest(); oldest; oldest = map.oldest()) {
    keys.push(oldest[0])
    map.delete(oldest[0])
  }
  return keys
}

function filled(...keys: string[]): OldestFirstMap<number> {
  const map = new OldestFirstMap<number>()
  for (const [index, key] of keys.entries()) map.set(key, index)
  return map
}

test('gives its entries back in the order they came', () => {
  expect(drain(filled('a', 'b', 'c'))).toEqual(['a', 'b', 'c'])
})

test('looking at the oldest does not take it', () => {
  const map = filled('a', 'b')
  expect([map.oldest()?.[0], map.oldest()?.[0], map.size]).toEqual(['a', 'a', 2])
})

test('an entry that is set again is the youngest', () => {
  const map = filled('a', 'b')
  expect(map.oldest()).toEqual(['a', 0])
  map.set('a', 9)
  expect(map.oldest()).toEqual(['b', 1])
  expect(drain(map)).toEqual(['b', 'a'])
})

test('one that was deleted in between is passed over', () => {
  const map = filled('a', 'b', 'c')
  map.oldest()
  map.delete('a')
  map.delete('b')
  expect(map.oldest()).toEqual(['c', 2])
})

test('goes on after it was empty, and after it was cleared', () => {
  const map = filled('a')
  expect(drain(map)).toEqual(['a'])
  map.set('b', 1)
  expect(map.oldest()).toEqual(['b', 1])
  map.clear()
  expect(map.oldest()).toBeUndefined()
  map.set('c', 2)
  expect(drain(map)).toEqual(['c'])
})

test('a long queue costs as little as a short one', () => {
  const map = new OldestFirstMap<number>()
  const turn = (from: number, count: number) => {
    const began = performance.now()
    for (let index = from; index < from + count; index++) {
      map.set(String(index), index)
      const oldest = map.size > 100_000 ? map.oldest() : undefined
      if (oldest) map.delete(oldest[0])
    }
    return performance.now() - began
  }
  turn(0, 100_000)
  // With a new iterator for each look this takes minutes.
  expect(turn(100_000, 100_000)).toBeLessThan(2_000)
})
