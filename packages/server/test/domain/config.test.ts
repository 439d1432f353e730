import { beforeEach, describe, expect, test } from 'vitest'
import { bucketDefaults, createMemoryEngine, inProcessTransport } from '../../src'
import { ADMIN_KEY, Harness, type Sent } from '../support/harness'

let harness: Harness
beforeEach(() => {
  harness = new Harness()
})

const set = (body: unknown, headers?: Sent['headers']) =>
  harness.request('POST', '/api/v1/config/limits', { body, headers })
const patch = (body: unknown, headers?: Sent['headers']) =>
  harness.request('PATCH', '/api/v1/config/limits', { body, headers })
const get = (query = '') => harness.request('GET', `/api/v1/config/limits${query}`)
const remove = (headers?: Sent['headers']) => harness.request('DELETE', '/api/v1/config/limits', { headers })

test('what was set is what is got, with its revision and time', async () => {
  const written = await set({ seats: 5, nested: { a: [null, false, 1.5] } })
  const { status, json, headers } = await get()
  expect(status).toBe(200)
  expect(json).toEqual({ ...written.json, data: { seats: 5, nested: { a: [null, false, 1.5] } } })
  expect(Date.parse(json.updatedAt)).toBeGreaterThan(Date.now() - 60_000)
  expect(headers.get('etag')).toBe(`"${json.revision}-${json.epoch}"`)
  expect(written.headers.get('x-ironflow-revision')).toBe(String(json.revision))
})

test('a document that is not there is a 404', async () => {
  expect((await get()).json).toMatchObject({ status: 404, code: 'not_found' })
})

describe('patch', () => {
  test('lays fields over, shallowly, and null is a value', async () => {
    await set({ a: 1, b: { x: 1 }, c: 3 })
    await patch({ b: { y: 2 }, c: null })
    expect((await get()).json.data).toEqual({ a: 1, b: { y: 2 }, c: null })
  })

  test('makes a document that is not there, and one that was deleted', async () => {
    await patch({ a: 1 })
    await remove()
    await patch({ b: 1 })
    expect((await get()).json.data).toEqual({ b: 1 })
  })

  test('64 at the same time of 64 different fields leave 64 fields', async () => {
    await Promise.all(Array.from({ length: 64 }, (_, index) => patch({ [`field-${index}`]: index })))
    expect(Object.keys((await get()).json.data)).toHaveLength(64)
  })

  test('those of two servers on one store all survive', async () => {
    const engine = createMemoryEngine({ bucketDefaults: bucketDefaults() })
    const servers = [new Harness({ engine }), new Harness({ engine })]
    const patches = servers.flatMap((each, server) =>
      Array.from({ length: 32 }, (_, index) =>
        each.request('PATCH', '/api/v1/config/limits', { body: { [`${server}-${index}`]: 1 } }),
      ),
    )
    for (const { status } of await Promise.all(patches)) expect(status).toBe(200)
    const { json } = (await servers[0]?.request('GET', '/api/v1/config/limits')) ?? {}
    expect(Object.keys(json.data)).toHaveLength(64)
  })
})

describe('preconditions', () => {
  test.each(['3', '"3"', 'W/"3"', 'the ETag'])('If-Match takes %s', async (form) => {
    const { json } = await set({ a: 1 })
    const etag = (await get()).headers.get('etag') ?? ''
    const match = form === 'the ETag' ? etag : form.replace('3', json.revision)
    expect((await set({ a: 2 }, { 'if-match': match })).status).toBe(200)
    const again = await set({ a: 3 }, { 'if-match': match })
    expect(again.json).toMatchObject({ status: 412, code: 'revision_conflict', currentRevision: json.revision + 1 })
  })

  test('a missing document with If-Match is 412 for every write', async () => {
    const headers = { 'if-match': '7' }
    for (const answer of [await set({}, headers), await patch({}, headers), await remove(headers)]) {
      expect(answer.json).toMatchObject({ status: 412, currentRevision: 0 })
    }
    expect((await get()).status).toBe(404)
  })

  test('an ETag of another store is 412, though the revision is the same', async () => {
    const { json } = await set({ a: 1 })
    const headers = { 'if-match': `"${json.revision}-anotherepoch"` }
    for (const answer of [await set({}, headers), await patch({}, headers), await remove(headers)]) {
      expect(answer.json).toMatchObject({ status: 412, currentRevision: json.revision })
    }
  })

  test('If-None-Match: * makes a document, once', async () => {
    const headers = { 'if-none-match': '*' }
    expect((await set({ a: 1 }, headers)).status).toBe(200)
    expect((await set({ a: 2 }, headers)).status).toBe(412)
    await remove()
    expect((await set({ a: 3 }, headers)).status).toBe(200)
  })

  test('a patch with a revision is not tried again behind the caller’s back', async () => {
    const { json } = await set({ a: 1 })
    await patch({ b: 1 })
    expect((await patch({ c: 1 }, { 'if-match': String(json.revision) })).status).toBe(412)
  })
})

test('deleting is fine twice, and answers a revision', async () => {
  await set({ a: 1 })
  const [first, second] = [await remove(), await remove()]
  expect([first.status, second.status]).toEqual([204, 204])
  expect(first.text).toBe('')
  expect(Number(first.headers.get('x-ironflow-revision'))).toBeGreaterThan(0)
  expect(second.headers.get('x-ironflow-revision')).toBe(first.headers.get('x-ironflow-revision'))
  expect((await get()).status).toBe(404)
})

describe('history', () => {
  test('has the versions, newest first, deletions included, page by page', async () => {
    await set({ n: 1 })
    await set({ n: 2 })
    await remove()
    const versions = []
    let cursor = ''
    do {
      const { json } = await harness.request('GET', `/api/v1/config/limits/history?limit=2${cursor}`)
      versions.push(...json.versions)
      cursor = json.nextCursor ? `&cursor=${json.nextCursor}` : ''
    } while (cursor)
    expect(versions.map(({ operation, data }) => [operation, data])).toEqual([
      ['delete', undefined],
      ['put', { n: 2 }],
      ['put', { n: 1 }],
    ])
  })

  test('keeps 64', async () => {
    for (let n = 0; n < 70; n++) await set({ n })
    const { json } = await harness.request('GET', '/api/v1/config/limits/history')
    expect(json.count).toBe(64)
    expect(json.versions[0].data).toEqual({ n: 69 })
  })

  test('of a document that never was is a 404', async () => {
    expect((await harness.request('GET', '/api/v1/config/limits/history')).status).toBe(404)
  })

  test('an earlier version can be read, and written again as a new one', async () => {
    const first = (await set({ n: 1 })).json.revision
    await set({ n: 2 })
    expect((await get(`?revision=${first}`)).json).toMatchObject({ revision: first, data: { n: 1 } })
    const back = await harness.request('POST', '/api/v1/config/limits/rollback', { body: { revision: first } })
    expect(back.json.revision).toBeGreaterThan(first + 1)
    expect((await get()).json).toMatchObject({ revision: back.json.revision, data: { n: 1 } })
  })

  test('a revision of another document, of a deletion or of nothing is a 404', async () => {
    await set({ n: 1 })
    const other = (await harness.request('POST', '/api/v1/config/other', { body: {} })).json.revision
    const deletion = (await remove()).headers.get('x-ironflow-revision')
    for (const revision of [other, deletion, 9999]) {
      expect((await get(`?revision=${revision}`)).status).toBe(404)
      const body = { revision: Number(revision) }
      expect((await harness.request('POST', '/api/v1/config/limits/rollback', { body })).status).toBe(404)
    }
  })
})

test('the list has names in order, without content, without what was deleted', async () => {
  for (const name of ['b', 'a', 'C', 'gone']) await harness.request('POST', `/api/v1/config/${name}`, { body: {} })
  await harness.request('DELETE', '/api/v1/config/gone')
  const { json } = await harness.request('GET', '/api/v1/config')
  expect(json.configs.map(({ name }: { name: string }) => name)).toEqual(['C', 'a', 'b'])
  expect(Object.keys(json.configs[0]).sort()).toEqual(['epoch', 'name', 'revision', 'updatedAt'])
})

test('a document beyond maxValueSize is a 413 that names the limit', async () => {
  const { json } = await set({ a: 'x'.repeat(1_000_000) })
  expect(json).toMatchObject({ status: 413, details: { limit: 'maxValueSize' } })
})

describe('names that mean something to JavaScript', () => {
  test.each([
    ['in a document', 'POST', '{"__proto__":{"polluted":1}}', 'data.__proto__'],
    ['in a patch', 'PATCH', '{"__proto__":{"polluted":1}}', 'fields.__proto__'],
    ['deep within', 'POST', '{"a":[{"b":{"__proto__":{"polluted":1}}}]}', 'data.a.0.b.__proto__'],
    ['written with escapes', 'POST', '{"\\u005f_proto__":{"polluted":1}}', 'data.__proto__'],
  ])('__proto__ %s is refused', async (_, verb, body, place) => {
    const { status, json } = await harness.request(verb, '/api/v1/config/limits', { body })
    expect(status).toBe(400)
    expect(Object.keys(json.fields)).toEqual([place])
  })

  test('constructor, prototype and friends are ordinary fields', async () => {
    await set('{"constructor":{"prototype":{"polluted":1}}}')
    await patch('{"prototype":{"polluted":1},"toString":1,"hasOwnProperty":2}')
    expect((await get()).text).toContain(
      '"data":{"constructor":{"prototype":{"polluted":1}},"prototype":{"polluted":1},"toString":1,"hasOwnProperty":2}',
    )
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  test('__proto__ that another program stored stays a field through a patch', async () => {
    await set({ a: 1 })
    const text = '{"__proto__":{"polluted":1}}'
    await harness.engine.put('APP_default_SYS_config', 'limits', { encoding: 'json', text })
    await patch({ b: 1 })
    expect((await get()).text).toContain('"data":{"__proto__":{"polluted":1},"b":1}')
  })

  test('__proto__ is refused on the way without a socket too', async () => {
    const transport = inProcessTransport(harness.server, { apiKey: ADMIN_KEY })
    const params = { name: 'limits', data: JSON.parse('{"__proto__":{"polluted":1}}') as unknown }
    const call = { method: 'config.set', params, requestId: 'r' } as const
    await expect(transport.call(call, new AbortController().signal)).rejects.toMatchObject({ code: 'invalid_request' })
  })
})
