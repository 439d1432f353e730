import { beforeEach, describe, expect, test } from 'vitest'
import { bucketDefaults, createMemoryEngine, type Engine } from '../../../src'
import { AnswerCache } from '../../../src/bindings/node/answer-cache'
import { settle } from '../../support/recording-sink'

const STORED = 'APP_default_b'
const ENTRY = { environment: 'default', bucket: 'b', key: 'a', revision: 1, epoch: 'e' }
const ANSWER = { body: '{}', length: 2, etag: '"1-e"' }

let engine: Engine
let followed: string[]
let cache: AnswerCache
const cacheOf = (limits: Partial<ConstructorParameters<typeof AnswerCache>[1]> = {}) =>
  new AnswerCache(engine, { answerCacheBytes: 100_000, answerCacheBuckets: 10, ...limits })

beforeEach(async () => {
  engine = createMemoryEngine({ bucketDefaults: bucketDefaults() })
  followed = []
  const { follow } = engine
  engine.follow = (bucket, listener) => {
    followed.push(bucket)
    const { started, stop } = follow.call(engine, bucket, listener)
    return {
      started,
      stop() {
        followed.splice(followed.indexOf(bucket), 1)
        stop()
      },
    }
  }
  cache = cacheOf()
  // The first answer of a bucket only makes it followed.
  keep('first')
  await settle()
})

const put = (key = 'a', stored = STORED) => engine.put(stored, key, { encoding: 'json', text: '1' })
const keep = (key = 'a', bucket = 'b') => cache.keep({ ...ENTRY, bucket, key }, ANSWER, cache.clock)
const get = (key = 'a', bucket = 'b') => cache.get('default', bucket, key)

test('an answer is kept by environment, bucket and key', () => {
  keep()
  expect(get()).toMatchObject(ANSWER)
  expect(cache.get('other', 'b', 'a')).toBeUndefined()
  expect(get('b')).toBeUndefined()
  expect(get('a', 'c')).toBeUndefined()
})

test.each([
  ['default b/a', 'b', 'a'],
  ['default b/a', 'a', 'a'],
  ['default', 'b', 'a/a a'],
])('names that are none (%j, %j, %j) are not taken for others', (environment, bucket, key) => {
  keep('a')
  keep('a/a')
  expect(cache.get(environment, bucket, key)).toBeUndefined()
})

test('what was read before its bucket was followed is not kept', () => {
  expect(get('first')).toBeUndefined()
})

test('a commit replaces the answer about its key, and no other', async () => {
  keep('a')
  keep('c')
  const { revision, epoch } = await put('a')
  const { body = '', length, ...answer } = get() ?? {}
  expect(answer).toMatchObject({ ...ENTRY, revision, epoch, etag: `"${revision}-${epoch}"` })
  expect(JSON.parse(body.toString())).toMatchObject({ key: 'a', value: 1, revision })
  expect(length).toBe(Buffer.byteLength(body))
  expect(get('c')).toMatchObject(ANSWER)
})

test.each(['delete', 'purge'] as const)('a %s removes the answers about its key', async (operation) => {
  await put('a')
  keep()
  await engine[operation](STORED, 'a')
  expect(get()).toBeUndefined()
})

test('a commit to a key that nobody reads keeps nothing', async () => {
  await put('unread')
  keep()
  expect(get('unread')).toBeUndefined()
})

test('an answer that was read before a commit and comes after it is not kept', async () => {
  const readAt = cache.clock
  await put('a')
  cache.keep(ENTRY, ANSWER, readAt)
  expect(get()).toBeUndefined()
})

test('a commit to a bucket of the same name elsewhere changes nothing', async () => {
  keep()
  await put('a', 'APP_other_b')
  expect(get()).toBeDefined()
})

test('a bucket that is deleted takes its answers along', async () => {
  await put('x')
  keep()
  await engine.deleteBucket(STORED)
  expect(get()).toBeUndefined()
})

test('changed options of a bucket take its answers along: their expiry may be another', async () => {
  await put('x')
  keep()
  await engine.updateBucket(STORED, { ttlSeconds: 60 })
  expect(get()).toBeUndefined()
})

test('how far the changes of a bucket were heard of moves with its commits', async () => {
  keep('c')
  const { revision } = await put('a')
  expect(get('c')?.source.heard).toMatchObject({ revision: revision })
})

test('beyond its bytes the oldest answers go', async () => {
  cache = cacheOf({ answerCacheBytes: 8_000 })
  keep('first')
  await settle()
  for (let index = 0; index < 100; index++) keep(`k${index}`)
  expect(get('k0')).toBeUndefined()
  expect(get('k99')).toBeDefined()
  const kept = Array.from({ length: 100 }, (_, index) => get(`k${index}`)).filter(Boolean)
  expect(kept.length).toBeGreaterThan(5)
  expect(kept.length).toBeLessThan(14)
})

test('the same answer kept twice counts once', async () => {
  cache = cacheOf({ answerCacheBytes: 8_000 })
  keep('first')
  await settle()
  keep('other')
  for (let index = 0; index < 100; index++) keep()
  expect(get('other')).toBeDefined()
})

describe('beyond the buckets that may be followed', () => {
  /** As two readers, one after the other, make an answer kept. */
  const read = async (bucket: string) => {
    keep('a', bucket)
    await settle()
    keep('a', bucket)
  }
  beforeEach(async () => {
    cache.close()
    cache = cacheOf({ answerCacheBuckets: 3 })
    for (const bucket of ['x', 'y', 'z']) await read(bucket)
  })

  test('the one that was not read for longest goes with its answers', async () => {
    get('a', 'x')
    await read('new')
    expect(followed.sort()).toEqual(['new', 'x', 'z'].map((bucket) => `APP_default_${bucket}`))
    expect(['x', 'y', 'z', 'new'].filter((bucket) => get('a', bucket))).toEqual(['x', 'z', 'new'])
  })

  test('one whose answers are gone goes in its turn', async () => {
    await put('a', 'APP_default_x')
    await engine.delete('APP_default_x', 'a')
    await read('new')
    expect(followed).not.toContain('APP_default_x')
  })

  test('one that comes back begins anew: what changed while it was away is not answered', async () => {
    const readAt = cache.clock
    await read('new')
    await put('a', 'APP_default_x')
    keep('a', 'x')
    cache.keep({ ...ENTRY, bucket: 'x' }, ANSWER, readAt)
    expect(get('a', 'x')).toBeUndefined()
  })

  test('as many are followed as before, however many come', async () => {
    for (let index = 0; index < 100; index++) await read(`b${index}`)
    expect(followed).toHaveLength(3)
    expect(get('a', 'b99')).toBeDefined()
    cache.close()
    expect(followed).toEqual([])
  })
})
