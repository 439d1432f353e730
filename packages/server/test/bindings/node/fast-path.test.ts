import { Agent, request } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bucketDefaults, createMemoryEngine, type Engine } from '../../../src'
import { type Listening, serve } from '../../../src/node'
import { ADMIN_KEY, Harness } from '../../support/harness'

let now: number
let engine: Engine
let reads: number
let harness: Harness
let listening: Listening
let agent: Agent

beforeEach(async () => {
  now = Date.parse('2030-01-01T00:00:00Z')
  engine = createMemoryEngine({ bucketDefaults: bucketDefaults(), now: () => now })
  reads = 0
  const { get } = engine
  engine.get = (bucket, ...rest) => {
    if (bucket.startsWith('APP_')) reads++
    return get.call(engine, bucket, ...rest)
  }
  harness = new Harness({ engine, now: () => now })
  listening = await serve(harness.server, { port: 0 })
  agent = new Agent({ keepAlive: true })
})
afterEach(async () => {
  agent.destroy()
  await listening.close()
})

/** A request as a plain client makes it: `fetch` would add headers of its own. */
function ask(key = 'a', headers: Record<string, string> = {}, apiKey = ADMIN_KEY, bucket = 'b') {
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
    const path = `/api/v1/kv/buckets/${bucket}/keys/${key}`
    const all = { authorization: `Bearer ${apiKey}`, ...headers }
    const sent = request({ port: listening.port, host: '127.0.0.1', path, headers: all, agent }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

/** Reads until the answer comes from memory. */
async function warm(key = 'a') {
  for (let index = 0; index < 3; index++) await ask(key)
  const before = reads
  const answer = await ask(key)
  expect(reads).toBe(before)
  return answer
}

test('a repeated read is answered from memory, by the same bytes and headers', async () => {
  await harness.put('b/keys/a', { text: 'ключ', n: 1 })
  const long = await ask()
  const short = await warm()
  const comparable = ({ headers, ...rest }: typeof long) => ({
    ...rest,
    headers: { ...headers, date: '', 'x-request-id': '' },
  })
  expect(comparable(short)).toEqual(comparable(long))
  expect(short.headers['x-request-id']).not.toBe(long.headers['x-request-id'])
  expect((await ask('a', { 'x-request-id': 'mine' })).headers['x-request-id']).toBe('mine')
})

test('a key that is in memory is answered from there however it is spelt', async () => {
  await harness.put('b/keys/user:%D0%BA%2Fa', 1)
  const { text } = await warm('user:%D0%BA%2Fa')
  for (const spelling of ['user:%D0%BA/a', 'user%3A%d0%ba%2fa', '%75ser:%D0%BA%2F%61']) {
    const before = reads
    expect((await ask(spelling)).text).toBe(text)
    expect(reads).toBe(before)
  }
})

test.each([
  ['a backslash', 'b', 'x\\y'],
  ['dot segments', 'b', 'c/../a'],
  ['encoded dot segments', 'b', 'c/%2e%2e/a'],
  ['a control character', 'b', 'a%00'],
  ['encoding that is no UTF-8', 'b', '%ff'],
  ['a key that is none', 'b', 'a%20a'],
  ['a bucket with a slash', 'b%2Fc', 'a'],
  ['nothing for a key', 'b', ''],
])('a target with %s is refused, whatever is in memory', async (_, bucket, key) => {
  for (const each of ['a', 'x%5Cy', 'c/a']) {
    await harness.put(`b/keys/${each}`, 1)
    await warm(each)
  }
  const { status } = await ask(key, {}, ADMIN_KEY, bucket)
  expect(status).toBeGreaterThanOrEqual(400)
})

test('a value that is written while it is in memory is answered by the bytes of the long way', async () => {
  await harness.put('b/keys/a', ['old'])
  await warm()
  for (const value of [{ text: 'ключ', n: 1 }, ['plain'], null, 1e21]) {
    await harness.put('b/keys/a', value)
    const before = reads
    const short = await ask()
    expect(reads).toBe(before)
    // A header that makes no difference, and a request that is special by it.
    const long = await ask('a', { accept: 'application/json, text/html' })
    expect(reads).toBe(before + 1)
    expect([short.text, short.headers.etag]).toEqual([long.text, long.headers.etag])
  }
})

test('a value that is written while its predecessor is in memory lives no longer than it should', async () => {
  await harness.put('b/keys/a', 1)
  await warm()
  await harness.put('b/keys/a?ttlSeconds=60', 2)
  now += 59_999
  expect((await ask()).status).toBe(200)
  now += 1
  expect((await ask()).status).toBe(404)
})

test('nobody reads what was there before a write was acknowledged', async () => {
  for (let value = 0; value < 20; value++) {
    await harness.put('b/keys/a', value)
    expect(JSON.parse((await ask()).text).value).toBe(value)
    expect(JSON.parse((await ask()).text).value).toBe(value)
  }
})

test('a write by another server is seen too', async () => {
  await harness.put('b/keys/a', 1)
  await warm()
  await new Harness({ engine, now: () => now }).put('b/keys/a', 2)
  expect(JSON.parse((await ask()).text).value).toBe(2)
})

test('a deleted key is gone', async () => {
  await harness.put('b/keys/a', 1)
  await warm()
  await harness.request('DELETE', '/api/v1/kv/buckets/b/keys/a')
  expect((await ask()).status).toBe(404)
})

test('a deleted bucket is gone', async () => {
  await harness.put('b/keys/a', 1)
  await warm()
  await harness.request('DELETE', '/api/v1/kv/buckets/b')
  expect((await ask()).status).toBe(404)
})

test('a value is not answered beyond its time', async () => {
  await harness.put('b/keys/a?ttlSeconds=60', 1)
  await warm()
  now += 59_999
  expect((await ask()).status).toBe(200)
  now += 1
  expect((await ask()).status).toBe(404)
})

test('a time-to-live that the bucket is given later counts for what is in memory', async () => {
  await harness.put('b/keys/a', 1)
  await warm()
  now += 10_000
  await harness.request('PATCH', '/api/v1/kv/buckets/b', { body: { ttlSeconds: 5 } })
  expect((await ask()).status).toBe(404)
})

test('what is in memory is for those who may read it', async () => {
  await harness.put('b/keys/a', 1)
  const elsewhere = await harness.key({ role: 'viewer', environment: 'prod' })
  const narrow = await harness.key({ role: 'viewer', scopes: ['read:kv:c'] })
  const wide = await harness.key({ role: 'viewer', scopes: ['read:kv:*'] })
  await warm()
  expect((await ask('a', {}, wide)).status).toBe(200)
  for (let index = 0; index < 2; index++) {
    expect((await ask('a', {}, narrow)).status).toBe(403)
    expect((await ask('a', { 'x-ironflow-environment': 'default' }, elsewhere)).status).toBe(403)
    expect((await ask('a', {}, elsewhere)).status).toBe(404)
    expect((await ask('a', {}, `ifkey_${'d'.repeat(48)}`)).status).toBe(401)
    expect((await ask('a', { authorization: '' })).status).toBe(401)
  }
})

test('a revoked key reads nothing from memory', async () => {
  await harness.put('b/keys/a', 1)
  const key = await harness.key({ role: 'viewer' })
  await warm()
  expect((await ask('a', {}, key)).status).toBe(200)
  const { json } = await harness.request('GET', '/api/v1/apikeys')
  await harness.request(
    'DELETE',
    `/api/v1/apikeys/${json.apiKeys.find(({ name }: { name: string }) => name === 'test').id}`,
  )
  expect((await ask('a', {}, key)).status).toBe(401)
})

test('another environment’s entry is another one', async () => {
  await harness.put('b/keys/a', 1)
  await harness.put('b/keys/a', 2, { headers: { 'x-ironflow-environment': 'prod' } })
  await warm()
  expect(JSON.parse((await ask('a', { 'x-ironflow-environment': 'prod' })).text).value).toBe(2)
  expect(JSON.parse((await ask()).text).value).toBe(1)
})

test('special requests go the long way and get their answers', async () => {
  await harness.put('b/keys/a', 1)
  const { headers } = await warm()
  expect((await ask('a', { 'if-none-match': String(headers.etag) })).status).toBe(304)
  expect((await ask('a', { accept: 'application/octet-stream' })).text).toBe('1')
  expect((await ask('a', { 'x-ironflow-min-revision': 'x' })).status).toBe(400)
  expect((await ask('a', { 'x-ironflow-environment': 'A' })).status).toBe(400)
  expect((await ask('a?revision=999')).status).toBe(404)
})

test('a reader who has seen a newer revision is answered from memory only if that is as new', async () => {
  await harness.put('b/keys/a', 1)
  await warm()
  const { json } = await harness.put('b/keys/other', 1)
  const before = reads
  await ask('a', { 'x-ironflow-min-revision': String(json.revision) })
  expect(reads).toBe(before)
  await ask('a', { 'x-ironflow-min-revision': String(json.revision + 1) })
  expect(reads).toBe(before + 1)
})

test('answers from memory are counted like any other', async () => {
  await harness.put('b/keys/a', 1)
  for (let index = 0; index < 10; index++) await ask()
  const { text } = await harness.server.metrics()
  expect(text).toContain('ironflow_request_duration_seconds_count{method="kv.get",code="ok"} 10\n')
})
