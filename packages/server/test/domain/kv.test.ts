import { beforeEach, describe, expect, test } from 'vitest'
import { Harness } from '../support/harness'

let harness: Harness
beforeEach(() => {
  harness = new Harness()
})

const key = (text: string) => `b/keys/${encodeURIComponent(text)}`

test.each(['user:123:profile', 'a/b', '%2F', 'q?x=1#y', 'ключ', 'a&b=c+d', '__proto__', '😀', '/lead', 'constructor'])(
  'the key %s is kept to the letter',
  async (name) => {
    await harness.put(key(name), { is: name })
    expect((await harness.get(key(name))).json).toMatchObject({ key: name, value: { is: name } })
    expect((await harness.get('b/keys')).json.keys).toEqual([name])
  },
)

test('plain slashes in the path and an encoded one name the same key', async () => {
  await harness.put('b/keys/a/b', 1)
  expect((await harness.get('b/keys/a%2Fb')).json).toMatchObject({ key: 'a/b', value: 1 })
  expect((await harness.get('b/keys/a%252Fb')).status).toBe(404)
})

describe('values', () => {
  test.each([
    '{"a":[1,null,false]}',
    '5',
    '"text"',
    'null',
    'false',
    '""',
    '12345678901234567890',
    '1.0',
    '{"b":1,"a":2}',
  ])('JSON %s comes back to the letter', async (json) => {
    await harness.put('b/keys/a', json)
    const { text, json: entry } = await harness.get('b/keys/a')
    expect(text).toContain(`"value":${json},"encoding":"json"`)
    expect(entry.operation).toBe('put')
  })

  test('text is text, whatever it looks like', async () => {
    await harness.put('b/keys/a', '{"a":1}', { headers: { 'content-type': 'text/plain' } })
    expect((await harness.get('b/keys/a')).json).toMatchObject({ value: '{"a":1}', encoding: 'text' })
  })

  test('anything else is bytes', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    await harness.put('b/keys/a', bytes, { headers: { 'content-type': 'image/png' } })
    const { json } = await harness.get('b/keys/a')
    expect(json.encoding).toBe('base64')
    expect(Uint8Array.from(atob(json.value), (each) => each.charCodeAt(0))).toEqual(bytes)
  })

  test('come without their envelope to those who ask for bytes', async () => {
    await harness.put('b/keys/a', '{"a":1}')
    const { text, headers } = await harness.get('b/keys/a', { headers: { accept: 'application/octet-stream' } })
    expect(text).toBe('{"a":1}')
    expect(headers.get('content-type')).toBe('application/octet-stream')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('etag')).toMatch(/^"\d+-/)
  })

  test('__proto__ within one stays where it is', async () => {
    await harness.put('b/keys/a', '{"__proto__":{"polluted":1}}')
    expect((await harness.get('b/keys/a')).text).toContain('"value":{"__proto__":{"polluted":1}}')
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  test('beyond the bucket’s size are a 413 that names the limit', async () => {
    await harness.request('POST', '/api/v1/kv/buckets', { body: { name: 'b', maxValueSize: 10 } })
    const { json } = await harness.put('b/keys/a', '"12345678901"')
    expect(json).toMatchObject({ status: 413, code: 'payload_too_large', details: { limit: 'maxValueSize', max: 10 } })
  })
})

describe('writing with a condition', () => {
  test('If-None-Match: * writes only where there is no value', async () => {
    const create = { headers: { 'if-none-match': '*' } }
    expect((await harness.put('b/keys/a', 1, create)).status).toBe(200)
    const { json } = await harness.put('b/keys/a', 2, create)
    expect(json).toMatchObject({ status: 412, code: 'revision_conflict', currentRevision: expect.any(Number) })
  })

  test('If-Match writes only over that revision', async () => {
    const { json } = await harness.put('b/keys/a', 1)
    const update = { headers: { 'if-match': String(json.revision) } }
    expect((await harness.put('b/keys/a', 2, update)).status).toBe(200)
    const stale = await harness.put('b/keys/a', 3, update)
    expect(stale.json).toMatchObject({ status: 412, currentRevision: json.revision + 1 })
    expect((await harness.get('b/keys/a')).json.value).toBe(2)
  })

  test('an update of a key in no bucket makes no bucket', async () => {
    expect((await harness.put('none/keys/a', 1, { headers: { 'if-match': '1' } })).status).toBe(412)
    expect((await harness.get('none')).status).toBe(404)
  })

  test('a delete and a purge take If-Match too', async () => {
    await harness.put('b/keys/a', 1)
    const headers = { 'if-match': '999' }
    for (const query of ['', '?purge=true']) {
      const answer = await harness.request('DELETE', `/api/v1/kv/buckets/b/keys/a${query}`, { headers })
      expect(answer.status).toBe(412)
    }
    expect((await harness.get('b/keys/a')).status).toBe(200)
  })
})

test('a deleted key is a 404, keeps its history, and a purged one does not', async () => {
  await harness.request('POST', '/api/v1/kv/buckets', { body: { name: 'b', history: 5 } })
  await harness.put('b/keys/a', 1)
  await harness.put('b/keys/a', 2)
  await harness.request('DELETE', '/api/v1/kv/buckets/b/keys/a')
  expect((await harness.get('b/keys/a')).status).toBe(404)
  const history = async () =>
    (await harness.get('b/keys/a?history=true')).json.entries.map(({ operation, value }: Record<string, unknown>) => [
      operation,
      value,
    ])
  expect(await history()).toEqual([
    ['delete', undefined],
    ['put', 2],
    ['put', 1],
  ])
  await harness.request('DELETE', '/api/v1/kv/buckets/b/keys/a?purge=true')
  expect(await history()).toEqual([['purge', undefined]])
})

test('an earlier revision can be read while it is kept', async () => {
  await harness.request('POST', '/api/v1/kv/buckets', { body: { name: 'b', history: 2 } })
  const revisions: number[] = []
  for (const value of [1, 2, 3]) revisions.push((await harness.put('b/keys/a', value)).json.revision)
  expect((await harness.get(`b/keys/a?revision=${revisions[1]}`)).json.value).toBe(2)
  expect((await harness.get(`b/keys/a?revision=${revisions[0]}`)).status).toBe(404)
})

test('a value with a time-to-live is gone when it is over', async () => {
  let now = Date.parse('2030-01-01T00:00:00Z')
  harness = new Harness({ now: () => now })
  await harness.put('b/keys/a?ttlSeconds=2', 1)
  now += 1_999
  expect((await harness.get('b/keys/a')).status).toBe(200)
  now += 1
  expect((await harness.get('b/keys/a')).status).toBe(404)
  expect((await harness.get('b/keys')).json.keys).toEqual([])
})

describe('listing', () => {
  const all = async (query: string) => {
    const items: unknown[] = []
    let cursor = ''
    do {
      const { json } = await harness.get(`b/keys?${query}${cursor}`)
      items.push(...(json.keys ?? json.entries))
      expect(json.count).toBe((json.keys ?? json.entries).length)
      cursor = json.nextCursor ? `&cursor=${json.nextCursor}` : ''
    } while (cursor)
    return items
  }

  test('pages hold every key once, in order', async () => {
    const keys = Array.from({ length: 23 }, (_, index) => `key-${String(index).padStart(2, '0')}`)
    for (const each of keys) await harness.put(key(each), 1)
    expect(await all('limit=5')).toEqual(keys)
  })

  test('a filter admits what it says', async () => {
    for (const each of ['user.1', 'user.2', 'user.1.cart', 'session.9']) await harness.put(key(each), 1)
    expect(await all('filter=user.*')).toEqual(['user.1', 'user.2'])
    expect(await all('filter=user.%3E')).toEqual(['user.1', 'user.1.cart', 'user.2'])
  })

  test('a page of large values ends by its bytes', async () => {
    harness = new Harness({ limits: { pageBytes: 10_000 } })
    for (let index = 0; index < 40; index++)
      await harness.put(key(`k${index + 10}`), 'x'.repeat(2_000), { headers: { 'content-type': 'text/plain' } })
    const { json } = await harness.get('b/keys?values=true')
    expect(json.count).toBeLessThan(40)
    expect(await all('values=true')).toHaveLength(40)
  })

  test('a bucket that is not there is an empty one', async () => {
    expect((await harness.get('b/keys')).json).toMatchObject({ keys: [], count: 0 })
  })

  test('a cursor of one list is none of another', async () => {
    for (const each of ['a', 'b', 'c']) await harness.put(key(each), 1)
    const { json } = await harness.get('b/keys?limit=1')
    expect((await harness.request('GET', `/api/v1/config?cursor=${json.nextCursor}`)).status).toBe(400)
  })
})
