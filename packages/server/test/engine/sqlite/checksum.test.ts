import { expect, it } from 'vitest'
import { checksumOf } from '../../../src/engine/sqlite/checksum'

const place = { bucket: 1, key: 'k', revision: 2, encoding: 2 }

it('a checksum is about a value and its place', () => {
  const value = Uint8Array.of(1, 2)
  expect(checksumOf({ ...place, value })).toBe(checksumOf({ ...place, value: structuredClone(value) }))
  const others = [{ value: Uint8Array.of(1, 3) }, { key: 'l' }, { revision: 3 }, { bucket: 2 }, { encoding: 1 }]
  for (const other of others)
    expect(checksumOf({ ...place, value, ...other })).not.toBe(checksumOf({ ...place, value }))
})

it.each([
  ['made here', new Uint8Array(0)],
  ['from another thread', structuredClone(new Uint8Array(0))],
])('the checksum of no bytes, %s, is the same on all versions of Node.js', (_, value) => {
  expect(checksumOf({ ...place, value })).toBe(0)
})
