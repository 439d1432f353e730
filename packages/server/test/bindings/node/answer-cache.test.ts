import { beforeEach, expect, test } from 'vitest'
import { bucketDefaults, createMemoryEngine, type Engine } from '../../../src'
import { AnswerCache } from '../../../src/bindings/node/answer-cache'

const STORED = 'APP_default_b'
const ENTRY = { environment: 'default', bucket: 'b', key: 'a', revision: 1 }
const ANSWER = { body: '{}', length: 2, etag: '"1-e"' }

let engine: Engine
let cache: AnswerCache
beforeEach(() => {
  engine = createMemoryEngine({ bucketDefaults: bucketDefaults() })
  cache = new AnswerCache(engine, 100_000)
  // The first answer of a bucket only makes it followed.
  cache.keep('/first', ENTRY, ANSWER, cache.clock)
})

const put = (key = 'a', stored = STORED) => engine.put(stored, key, { encoding: 'json', text: '1' })
const keep = (url = '/a', kept = ENTRY) => cache.keep(url, kept, ANSWER, cache.clock)

test('an answer is kept by environment and URL', () => {
  keep()
  expect(cache.get('default', '/a')).toMatchObject(ANSWER)
  expect(cache.get('other', '/a')).toBeUndefined()
  expect(cache.get('default', '/b')).toBeUndefined()
})

test('what was read before its bucket was followed is not kept', () => {
  expect(cache.get('default', '/first')).toBeUndefined()
})

test('a commit replaces every answer about its key, and no other', async () => {
  keep('/a')
  keep('/%61')
  keep('/c', { ...ENTRY, key: 'c' })
  const { revision } = await put('a')
  for (const url of ['/a', '/%61']) {
    const { body = '', length, ...answer } = cache.get('default', url) ?? {}
    expect(answer).toMatchObject({ ...ENTRY, revision, etag: `"${revision}-${engine.facts.epoch}"` })
    expect(JSON.parse(body)).toMatchObject({ key: 'a', value: 1, revision })
    expect(length).toBe(Buffer.byteLength(body))
  }
  expect(cache.get('default', '/c')).toMatchObject(ANSWER)
})

test.each(['delete', 'purge'] as const)('a %s removes the answers about its key', async (operation) => {
  await put('a')
  keep('/a')
  await engine[operation](STORED, 'a')
  expect(cache.get('default', '/a')).toBeUndefined()
})

test('a commit to a key that nobody reads keeps nothing', async () => {
  await put('unread')
  keep('/a')
  expect(cache.get('default', '/unread')).toBeUndefined()
})

test('an answer that was read before a commit and comes after it is not kept', async () => {
  const readAt = cache.clock
  await put('a')
  cache.keep('/a', ENTRY, ANSWER, readAt)
  expect(cache.get('default', '/a')).toBeUndefined()
})

test('a commit to a bucket of the same name elsewhere changes nothing', async () => {
  keep()
  await put('a', 'APP_other_b')
  expect(cache.get('default', '/a')).toBeDefined()
})

test('a bucket that is deleted takes its answers along', async () => {
  await put('x')
  keep()
  await engine.deleteBucket(STORED)
  expect(cache.get('default', '/a')).toBeUndefined()
})

test.each([
  ['kv.put', { bucket: 'b', key: 'a' }],
  ['kv.updateBucket', { bucket: 'b' }],
  ['kv.createBucket', { name: 'b' }],
] as const)('an own %s removes what it made old before the store tells of it', (method, params) => {
  keep()
  cache.written({ environment: 'default', method, params, revision: 99 })
  expect(cache.get('default', '/a')).toBeUndefined()
})

test('an own write whose commit was heard of leaves the answer that this put in place', async () => {
  keep()
  const { revision } = await put('a')
  cache.written({ environment: 'default', method: 'kv.put', params: { bucket: 'b', key: 'a' }, revision })
  expect(cache.get('default', '/a')).toMatchObject({ revision })
})

test('how far the changes of a bucket were heard of moves with its commits', async () => {
  keep('/c', { ...ENTRY, key: 'c' })
  const { revision } = await put('a')
  expect(cache.get('default', '/c')?.heard()).toBe(revision)
})

test('beyond its bytes the oldest answers go', () => {
  cache = new AnswerCache(engine, 8_000)
  keep('/first')
  for (let index = 0; index < 100; index++) keep(`/${index}`, { ...ENTRY, key: `k${index}` })
  expect(cache.get('default', '/0')).toBeUndefined()
  expect(cache.get('default', '/99')).toBeDefined()
  const kept = Array.from({ length: 100 }, (_, index) => cache.get('default', `/${index}`)).filter(Boolean)
  expect(kept.length).toBeGreaterThan(5)
  expect(kept.length).toBeLessThan(14)
})

test('the same answer kept twice counts once', () => {
  cache = new AnswerCache(engine, 8_000)
  keep('/first')
  keep('/other', { ...ENTRY, key: 'o' })
  for (let index = 0; index < 100; index++) keep('/a')
  expect(cache.get('default', '/other')).toBeDefined()
})
