import { afterEach, describe, expect, test, vi } from 'vitest'
import { ADMIN_KEY, Harness } from '../support/harness'
import { plainSocket } from '../support/plain-socket'

/**
 * What is large is never built as a value, whatever its shape: V8 takes 2 µs for a member whose name is new. Times are
 * measured in tests/torture; here it is what is handed to `JSON.parse` that counts.
 */

const harness = new Harness()
const members = (count: number, value = '0') =>
  `{${Array.from({ length: count }, (_, index) => `"m${index}":${value}`).join(',')}}`
const list = (count: number, value: string) => `[${Array(count).fill(value).join(',')}]`

afterEach(() => vi.restoreAllMocks())

/** Handles a request and reports how it was answered, and whether it built the value of anything long. */
async function handle(verb: string, target: string, body: string, sent: Record<string, string> = {}) {
  const headers: Record<string, string> = {
    host: 'localhost',
    authorization: `Bearer ${ADMIN_KEY}`,
    'content-type': 'application/json',
    ...sent,
  }
  const bytes = new TextEncoder().encode(body)
  const parse = vi.spyOn(JSON, 'parse')
  const request = { verb, target, header: (name: string) => headers[name], body: () => bytes }
  const { status, body: text = '' } = await harness.server.http.handle(request)
  const builds = parse.mock.calls.some(([each]) => each.length > 1_000)
  parse.mockRestore()
  return { status, text: String(text), problem: status >= 400 ? JSON.parse(String(text)) : undefined, builds }
}

const put = (body: string) => handle('PUT', '/api/v1/kv/buckets/b/keys/a', body)
const set = (body: string) => handle('POST', '/api/v1/config/large', body)
const patch = (body: string) => handle('PATCH', '/api/v1/config/large', body)

describe.each([
  ['80,000 members', members(80_000)],
  ['many levels and names', `{"a":${list(1_000, `{"b":${members(10, '[]')}}`)}}`],
  ['a long list', `{"a":${list(400_000, '0')}}`],
])('a document of %s', (_, text) => {
  test('is kept and merged without being built', async () => {
    expect(await set(text)).toMatchObject({ status: 200, builds: false })
    expect(await patch('{"m7":"patched","new":1}')).toMatchObject({ status: 200, builds: false })
    const { json } = await harness.request('GET', '/api/v1/config/large')
    expect(json.data).toEqual({ ...JSON.parse(text), m7: 'patched', new: 1 })
  })

  test('is kept as a KV value without being built', async () => {
    expect(await put(text)).toMatchObject({ status: 200, builds: false })
    expect((await harness.get('b/keys/a')).json.value).toEqual(JSON.parse(text))
  })

  test('comes over a socket without being built', async () => {
    const socket = await plainSocket(harness.server)
    const frame = (method: string, params: string) =>
      `{"type":"call","id":"c","requestId":"r","method":"${method}","params":{${params}}}`
    const parse = vi.spyOn(JSON, 'parse')
    const replies = [
      ...(await socket.send(frame('config.set', `"name":"large","data":${text}`))),
      ...(await socket.send(frame('kv.put', `"bucket":"b","key":"a","encoding":"json","value":${text}`))),
    ]
    expect(replies).toMatchObject([{ result: {} }, { result: {} }])
    // The replies themselves are parsed here.
    expect(Math.max(...parse.mock.calls.map(([each]) => each.length))).toBeLessThan(1_000)
    socket.close()
  })
})

test('a patch of more fields than can be looked up one by one is refused, and names the limit', async () => {
  expect(await patch(members(10_000))).toMatchObject({ status: 200 })
  const { status, problem } = await patch(members(10_001))
  expect([status, problem.fields]).toEqual([400, { fields: expect.stringContaining('jsonItems') }])
})

test.each([
  ['PUT', '/api/v1/kv/buckets/b/keys/a'],
  ['POST', '/api/v1/config/a'],
  ['POST', '/api/v1/config/a/rollback'],
  ['POST', '/api/v1/kv/buckets'],
  ['POST', '/api/v1/apikeys'],
  ['POST', '/api/v1/watch'],
])('%s %s: no value is built of a million brackets', async (verb, target) => {
  for (const text of ['['.repeat(999_000), `{"a":${'['.repeat(499_000)}${']'.repeat(499_000)}}`]) {
    const { status, builds } = await handle(verb, target, text)
    expect({ status, builds }).toEqual({ status: 400, builds: false })
  }
})

test.each([
  ['POST', '/api/v1/watch', `{"subscriptions":${list(400_000, '0')}}`],
  ['POST', '/api/v1/watch', members(100_000)],
  [
    'POST',
    '/api/v1/watch',
    `{"subscriptions":[{"id":"a","kind":"kv","target":"b","filters":${list(100_000, '"a"')}}]}`,
  ],
  ['POST', '/api/v1/apikeys', `{"name":"x","role":"viewer","scopes":${list(100_000, '"a"')}}`],
  ['POST', '/api/v1/kv/buckets', members(100_000)],
])('%s %s: a list too long is refused before it is looked into', async (verb, target, body) => {
  const { status, problem, builds, text } = await handle(verb, target, body)
  expect({ status, builds }).toEqual({ status: 400, builds: false })
  expect(problem.fields).toEqual({ body: expect.stringContaining('jsonItems') })
  expect(text.length).toBeLessThan(1_000)
})

test.each([
  ['subscriptions that are none', 'POST', '/api/v1/watch', `{"subscriptions":${list(9_000, '0')}}`],
  ['unknown members', 'POST', '/api/v1/watch', `{"subscriptions":[${members(9_000)}]}`],
  ['unknown options', 'POST', '/api/v1/kv/buckets', members(9_000)],
  [
    'unknown options of long names',
    'POST',
    '/api/v1/kv/buckets',
    members(500).replaceAll('":', `${'m'.repeat(1_000)}":`),
  ],
  ['reserved names', 'POST', '/api/v1/config/a', `{"a":${list(40_000, '{"__proto__":0}')}}`],
  ['numbers beyond a double', 'PUT', '/api/v1/kv/buckets/b/keys/a', list(100_000, '1e400')],
])('%s: 32 of them are named, in a short answer', async (_, verb, target, body) => {
  const { status, problem, text } = await handle(verb, target, body)
  expect([status, Object.keys(problem.fields).length]).toEqual([400, 32])
  expect(text.length).toBeLessThan(50_000)
})

describe('a number that no double can hold is refused with its place', () => {
  test.each([
    ['a document', 'POST', '/api/v1/config/a', '{"a":[1,{"b":1e400}]}', 'data.a.1.b'],
    ['a patch', 'PATCH', '/api/v1/config/a', '{"a":-1e400}', 'fields.a'],
    ['a KV value', 'PUT', '/api/v1/kv/buckets/b/keys/a', '[0,1e400]', 'value.1'],
    ['a KV value alone', 'PUT', '/api/v1/kv/buckets/b/keys/a', '1e400', 'value'],
    ['options', 'POST', '/api/v1/kv/buckets', '{"name":"b","history":1e400}', 'body.history'],
    ['a watch', 'POST', '/api/v1/watch', '{"subscriptions":[{"id":1e400}]}', 'body.subscriptions.0.id'],
  ])('%s', async (_, verb, target, body, place) => {
    const { status, problem } = await handle(verb, target, body)
    expect([status, problem.fields]).toEqual([400, { [place]: expect.stringContaining('double') }])
  })

  test.each([
    ['config.set', '"name":"a","data":{"a":1e400}', 'data.a'],
    ['kv.put', '"bucket":"b","key":"a","encoding":"json","value":1e400', 'value'],
  ])('%s over a socket', async (method, params, place) => {
    const socket = await plainSocket(harness.server)
    const call = `{"type":"call","id":"c","requestId":"r","method":"${method}","params":{${params}}}`
    expect(await socket.send(call)).toMatchObject([{ id: 'c', problem: { fields: { [place]: expect.anything() } } }])
    socket.close()
  })
})

test('numbers of a document keep every digit, also through a patch', async () => {
  await set('{"n": 12345678901234567890.10, "e": 1e-400}')
  await patch('{"m":1.0}')
  const { text } = await harness.request('GET', '/api/v1/config/large')
  expect(text).toContain('"data":{"n": 12345678901234567890.10, "e": 1e-400,"m":1.0}')
})
