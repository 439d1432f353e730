import { ConflictError, NotFoundError, ValidationError } from '@ironflow/node'
import { describe, expect, it } from 'vitest'
import { failure, useWorld } from './support/world'

const world = useWorld()
const KEYS = [
  'user:123:profile',
  'a/b',
  '%2F',
  'q?x=1#y',
  'ключ',
  'a.b.c',
  '😀',
  'a//b',
  '+plus+',
  "it's",
  '__proto__',
  'a%252fb',
]

describe('a bucket', () => {
  it('is made by the first put', async () => {
    const { revision } = await world.client().kv().bucket('nobody-made-me').put('k', 1)
    expect(await world.client().kv().getBucketInfo('nobody-made-me')).toMatchObject({ values: 1, history: 1 })
    expect((await world.client().kv().bucket('nobody-made-me').get('k')).revision).toBe(revision)
  })

  it('can be made again with the same options, not with others, and be updated', async () => {
    const kv = world.client().kv()
    const made = await kv.createBucket({ name: 'twice', history: 3, description: 'mine' })
    expect(await kv.createBucket({ name: 'twice', history: 3, description: 'mine' })).toEqual(made)
    expect(await failure(kv.createBucket({ name: 'twice', history: 4 }))).toMatchObject({
      code: 'already_exists',
      status: 409,
    })
    expect(await kv.createBucket({ name: 'twice', history: 4 }, { ifExists: 'update' })).toMatchObject({ history: 4 })
    expect(await kv.updateBucket('twice', { ttlSeconds: 60 })).toMatchObject({ history: 4, ttlSeconds: 60 })
  })

  it('is not found once it is deleted', async () => {
    const kv = world.client().kv()
    const { revision } = await kv.bucket('short-lived').put('k', 1)
    await kv.deleteBucket('short-lived')
    expect(await failure(kv.deleteBucket('short-lived'))).toBeInstanceOf(NotFoundError)
    expect(await failure(kv.bucket('short-lived').get('k'))).toBeInstanceOf(NotFoundError)
    expect((await kv.bucket('short-lived').put('k', 1)).revision).toBeGreaterThan(revision)
  })

  it('appears in the list; system buckets do not', async () => {
    await world.client().config().set('makes-a-system-bucket', {})
    await world.client().kv().bucket('listed').put('k', 1)
    const names = (await world.client().kv().listBuckets()).map(({ name }) => name)
    expect(names).toContain('listed')
    expect(names.filter((name) => name.startsWith('SYS_'))).toEqual([])
    expect(await failure(world.client().kv().bucket('SYS_config').get('k'))).toBeInstanceOf(ValidationError)
  })
})

describe('a value', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, n) => n)
  it.each([
    ['an object', { a: [1, { b: null }], ключ: '😀' }],
    ['an array', [1, 'two', null]],
    ['a number', 42.5],
    ['zero', 0],
    ['null', null],
    ['false', false],
    ['a string', 'hello'],
    ['a string that looks like JSON', '{"a":1}'],
    ['an empty string', ''],
    ['a string with a lone surrogate', 'a\ud800b'],
    ['a string with line ends', ' \r\n\u0000 '],
    ['bytes', bytes],
    ['no bytes', new Uint8Array()],
  ])('comes back as it went in: %s', async (_, value) => {
    const bucket = world.client().kv().bucket('values')
    await bucket.put('v', value)
    const got = (await bucket.get('v')).value
    expect(got instanceof Uint8Array ? Uint8Array.from(got) : got).toEqual(value)
    for await (const entry of bucket.entries('v')) expect(entry.value).toEqual(got)
  })

  it('that JSON cannot carry is refused before it is sent', async () => {
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    const refused = { value: [undefined, () => 1, 1n], 'value.self': [cycle], 'value.at': [{ at: new Map() }] }
    for (const [place, values] of Object.entries(refused)) {
      for (const value of values) {
        expect(await failure(world.client().kv().bucket('values').put('v', value))).toMatchObject({
          fields: { [place]: expect.stringContaining('cannot be written as JSON') },
        })
      }
    }
  })
})

describe('keys', () => {
  it.each(KEYS)('may be %s', async (key) => {
    const bucket = world.client().kv().bucket('keys')
    const { revision } = await bucket.put(key, { key })
    expect(await bucket.get(key)).toMatchObject({ key, value: { key }, revision })
    expect(await bucket.listKeys()).toContain(key)
    await bucket.delete(key)
    expect(await bucket.find(key)).toBeUndefined()
  })

  it.each(['', '.', '..', 'a/../b', 'a b', 'a\u0000', 'a\r\nb', 'a..b', '.a', 'a*', '>', '\ud800', 'x'.repeat(513)])(
    'may not be %j, and no request finds another key by it',
    async (key) => {
      const bucket = world.client().kv().bucket('keys')
      const error = (await failure(bucket.put(key, 1))) as ValidationError
      expect(error.code).toBe('invalid_request')
      expect(Object.keys(error.fields)).toEqual([expect.stringMatching(/^(key|path)$/)])
      expect(await failure(bucket.get(key))).toBeInstanceOf(ValidationError)
    },
  )

  it('are listed by filter, page by page, none lost', async () => {
    const bucket = world.client().kv().bucket('many')
    const names = Array.from(
      { length: 2500 },
      (_, n) => `${n % 2 === 0 ? 'even' : 'odd'}.${String(n).padStart(5, '0')}`,
    )
    await Promise.all(names.map((name, n) => bucket.put(name, n)))
    expect(await bucket.listKeys()).toEqual([...names].sort())
    expect(await bucket.listKeys('even.*')).toHaveLength(1250)
    const seen: string[] = []
    for await (const key of bucket.keys('odd.>')) seen.push(key)
    expect(seen).toHaveLength(1250)
  })
})

describe('writes under a condition', () => {
  it('create only where there is no value, also after a delete', async () => {
    const bucket = world.client().kv().bucket('conditions')
    const { revision } = await bucket.create('c', 1)
    expect(await failure(bucket.create('c', 2))).toMatchObject({ code: 'revision_conflict', currentRevision: revision })
    await bucket.delete('c')
    await expect(bucket.create('c', 3)).resolves.toHaveProperty('revision')
  })

  it('update only the revision that was seen', async () => {
    const bucket = world.client().kv().bucket('conditions')
    const { revision } = await bucket.put('u', 1)
    const second = await bucket.update('u', 2, revision)
    const error = await failure(bucket.update('u', 3, revision))
    expect(error).toBeInstanceOf(ConflictError)
    expect(error).toMatchObject({ currentRevision: second.revision, method: 'kv.update' })
  })

  it('let exactly one of many creators win', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 32 }, (_, n) => world.client({ retry: false }).kv().bucket('conditions').create('race', n)),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})

describe('history', () => {
  it('keeps as many revisions as the bucket says, newest first, and a purge forgets them', async () => {
    const kv = world.client().kv()
    await kv.createBucket({ name: 'remembering', history: 3 })
    const bucket = kv.bucket<number>('remembering')
    const revisions: number[] = []
    for (const n of [1, 2, 3, 4]) revisions.push((await bucket.put('k', n)).revision)
    expect((await bucket.history('k')).map(({ value }) => value)).toEqual([4, 3, 2])
    expect((await bucket.get('k', { revision: revisions[1] as number })).value).toBe(2)
    expect(await failure(bucket.get('k', { revision: revisions[0] as number }))).toBeInstanceOf(NotFoundError)
    await bucket.purge('k')
    expect((await bucket.history('k')).map(({ operation }) => operation)).toEqual(['purge'])
    expect(await failure(bucket.get('k'))).toBeInstanceOf(NotFoundError)
  })
})

describe('time-to-live', () => {
  it('ends a value on time, and not before', async () => {
    const kv = world.client().kv()
    await kv.createBucket({ name: 'fading', ttlSeconds: 2, history: 5 })
    const bucket = kv.bucket('fading')
    const [, , started] = [await bucket.put('long', 1), await bucket.put('short', 1, { ttlSeconds: 1 }), Date.now()]
    const gone: Record<string, number> = {}
    while (Object.keys(gone).length < 2 && Date.now() - started < 5000) {
      for (const key of ['long', 'short']) {
        if (gone[key] === undefined && (await bucket.find(key)) === undefined) gone[key] = Date.now() - started
      }
    }
    // The clock starts at the commit, a moment before the answer is here.
    expect(gone.short).toBeGreaterThan(700)
    expect(gone.short).toBeLessThan(1900)
    expect(gone.long).toBeGreaterThan(1700)
    expect(gone.long).toBeLessThan(2900)
    await bucket.create('long', 2)
    expect((await bucket.history('long')).map(({ operation }) => operation)).toEqual(['put', 'expire'])
  })
})
