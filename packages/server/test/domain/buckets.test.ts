import { beforeEach, describe, expect, test } from 'vitest'
import { Harness } from '../support/harness'

let harness: Harness
beforeEach(() => {
  harness = new Harness()
})

const BUCKETS = '/api/v1/kv/buckets'
const create = (body: object, query = '') => harness.request('POST', `${BUCKETS}${query}`, { body })

test('a new bucket has the defaults and says so', async () => {
  const { status, json, headers } = await create({ name: 'b' })
  expect(status).toBe(201)
  expect(json).toMatchObject({ name: 'b', history: 1, maxValueSize: 1_000_000, values: 0, bytes: 0 })
  expect(json).not.toHaveProperty('ttlSeconds')
  expect(headers.get('x-ironflow-revision')).toMatch(/^\d+$/)
})

describe('a bucket that is there', () => {
  test('with the same options is answered with 200', async () => {
    await create({ name: 'b', history: 5, ttlSeconds: 60, description: 'x' })
    const { status, json } = await create({ name: 'b', history: 5, ttlSeconds: 60, description: 'x' })
    expect(status).toBe(200)
    expect(json).toMatchObject({ history: 5, ttlSeconds: 60 })
  })

  test.each([{ history: 2 }, { ttlSeconds: 60 }, { maxBytes: 5 }, { maxValueSize: 5 }, { description: 'y' }])(
    'with other options (%o) is already_exists, and stays',
    async (other) => {
      const { json: before } = await create({ name: 'b' })
      expect((await create({ name: 'b', ...other })).json).toMatchObject({ status: 409, code: 'already_exists' })
      expect((await harness.get('b')).json).toEqual(before)
    },
  )

  test('because a put made it is the same as one with the defaults', async () => {
    await harness.put('b/keys/a', 1)
    expect((await create({ name: 'b' })).status).toBe(200)
  })

  test('takes the given options with ifExists=update', async () => {
    await create({ name: 'b', history: 5, ttlSeconds: 60 })
    const { status, json } = await create({ name: 'b', history: 2 }, '?ifExists=update')
    expect(status).toBe(200)
    expect(json).toMatchObject({ history: 2, ttlSeconds: 60 })
  })
})

test('an update changes what it gives, and 0 takes a limit away', async () => {
  await create({ name: 'b', ttlSeconds: 60, maxBytes: 100, history: 3 })
  const update = (body: object) => harness.request('PATCH', `${BUCKETS}/b`, { body })
  expect((await update({ ttlSeconds: 0 })).json).not.toHaveProperty('ttlSeconds')
  expect((await update({ maxBytes: 0, history: 4 })).json).toMatchObject({ history: 4 })
  expect((await harness.request('PATCH', `${BUCKETS}/none`, { body: {} })).status).toBe(404)
})

test('a deleted bucket is gone with its keys, and deleting it again is a 404', async () => {
  await harness.put('b/keys/a', 1)
  expect((await harness.request('DELETE', `${BUCKETS}/b`)).status).toBe(204)
  expect((await harness.get('b/keys/a')).status).toBe(404)
  expect((await harness.request('DELETE', `${BUCKETS}/b`)).status).toBe(404)
  await harness.put('b/keys/c', 1)
  expect((await harness.get('b/keys')).json.keys).toEqual(['c'])
})

test('info counts values and their bytes', async () => {
  await harness.put('b/keys/a', '"12"')
  await harness.put('b/keys/c', '"ключ"')
  expect((await harness.get('b')).json).toMatchObject({ values: 2, bytes: 4 + 10 })
})

test('the list has no system bucket, page by page', async () => {
  await harness.request('POST', '/api/v1/config/a', { body: {} })
  for (const name of ['a', 'T', 'z']) await create({ name })
  const names: string[] = []
  let cursor = ''
  do {
    const { json } = await harness.request('GET', `${BUCKETS}?limit=1${cursor}`)
    names.push(...json.buckets.map(({ name }: { name: string }) => name))
    cursor = json.nextCursor ? `&cursor=${json.nextCursor}` : ''
  } while (cursor)
  expect(names).toEqual(['T', 'a', 'z'])
})

describe('the limit of buckets', () => {
  beforeEach(async () => {
    harness = new Harness({ limits: { bucketsPerEnvironment: 3 } })
    // One of the server's own, which does not count.
    await harness.request('POST', '/api/v1/config/a', { body: {} })
    for (const name of ['a', 'b', 'c']) await create({ name })
  })

  test('refuses one more, made or written to, and names itself', async () => {
    for (const answer of [await create({ name: 'd' }), await harness.put('d/keys/a', 1)]) {
      expect(answer.json).toMatchObject({ status: 507, details: { limit: 'bucketsPerEnvironment', max: 3 } })
    }
    expect((await harness.get('d')).status).toBe(404)
  })

  test('lets what is there be written, updated and asked for', async () => {
    expect((await harness.put('c/keys/a', 1)).status).toBe(200)
    expect((await create({ name: 'a' })).status).toBe(200)
  })

  test('holds for a bucket that was known, deleted and replaced by another', async () => {
    await harness.put('a/keys/a', 1)
    await harness.request('DELETE', `${BUCKETS}/a`)
    await create({ name: 'd' })
    expect((await harness.put('a/keys/a', 1)).status).toBe(507)
  })

  test('counts each environment for itself', async () => {
    const elsewhere = { headers: { 'x-ironflow-environment': 'qa' } }
    expect((await harness.put('d/keys/a', 1, elsewhere)).status).toBe(200)
  })

  test('holds when many come at the same time', async () => {
    await harness.request('DELETE', `${BUCKETS}/a`)
    const puts = ['x', 'y', 'z'].map((name) => harness.put(`${name}/keys/a`, 1))
    const statuses = (await Promise.all(puts)).map(({ status }) => status)
    expect(statuses.sort()).toEqual([200, 507, 507])
  })
})
