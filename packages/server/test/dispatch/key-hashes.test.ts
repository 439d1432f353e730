import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { KeyHashes, NO_KEY } from '../../src/dispatch/key-hashes'
import { generateApiKey, hashOf } from '../../src/domain/key-records'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const remembered = (hashes: KeyHashes) => [...(hashes as unknown as { recent: Map<string, string> }).recent.keys()]

test('the hash of a key is its SHA-256, whether the key was hashed before or not', () => {
  const hashes = new KeyHashes()
  const key = `ifkey_${'a'.repeat(48)}`
  for (let times = 0; times < 2; times++) {
    expect(hashes.of(key)).toBe('c81a518d0a0a5ed52b6635b1dc716ca187af7c7e310ad0431ec0de4fee58d746')
    expect(hashes.of(key)).toBe(hashOf(key))
  }
})

test.each(['', 'hunter2', `ifkey_${'a'.repeat(47)}`, `IFKEY_${'A'.repeat(48)}`])('%j is no key', (text) => {
  const hashes = new KeyHashes()
  expect(hashes.of(text)).toBe(NO_KEY)
  expect(remembered(hashes)).toEqual([])
})

test('a key is forgotten after a second, however often it comes', async () => {
  const hashes = new KeyHashes()
  const key = generateApiKey()
  for (let ms = 0; ms < 1_000; ms += 100) {
    hashes.of(key)
    expect(remembered(hashes)).toEqual([key])
    await vi.advanceTimersByTimeAsync(100)
  }
  expect(remembered(hashes)).toEqual([])
  hashes.of(key)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(remembered(hashes)).toEqual([])
  expect(vi.getTimerCount()).toBe(0)
})

test('of any number of keys, a bounded one is remembered', () => {
  const hashes = new KeyHashes()
  for (let count = 0; count < 1_100; count++) hashes.of(generateApiKey())
  expect(remembered(hashes)).toHaveLength(1_000)
  hashes.clear()
  expect(remembered(hashes)).toEqual([])
  expect(vi.getTimerCount()).toBe(0)
})
