import { afterEach, describe, expect, test } from 'vitest'
import type { ServerOptions } from '../../src'
import { hashOf } from '../../src/domain/key-records'
import { type Listening, serve } from '../../src/node'
import { ADMIN_KEY, Harness } from '../support/harness'
import { SocketClient } from '../support/watch-clients'

let harness: Harness
let listening: Listening
const clients: SocketClient[] = []

const start = async (options: Partial<ServerOptions> = {}) => {
  harness = new Harness(options)
  listening = await serve(harness.server, { port: 0 })
}
const kept = (client: SocketClient) => {
  clients.push(client)
  return client
}
const connect = async (path = '/api/v1/ws', key = ADMIN_KEY) => {
  const client = kept(SocketClient.withKey(listening.url + path, key))
  await client.opened
  return client
}
const KV = { type: 'subscribe', id: 's', kind: 'kv', target: 'b' }

afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.terminate()
  await listening.close()
  await harness.engine.close()
})

describe('a session', () => {
  test('is welcomed, told values, synced and changes, of all its subscriptions', async () => {
    await start({ heartbeatMs: 12_000 })
    await harness.put('b/keys/a', { n: 1 })
    const client = await connect()
    expect(await client.until('welcome')).toMatchObject({
      protocol: 1,
      environment: 'default',
      heartbeatMs: 12_000,
      features: expect.arrayContaining(['watch', 'call']),
    })
    client.send(KV)
    client.send({ type: 'subscribe', id: 'c', kind: 'config', target: 'limits' })
    client.send({ type: 'subscribe', id: 'e', kind: 'events', target: 'system.config.*.updated' })
    await client.count('synced', 3)
    await harness.request('POST', '/api/v1/config/limits', { body: { seats: 1 } })
    await client.until('event')
    await harness.put('b/keys/a', { n: 2 })
    expect(await client.count('kv_update', 2)).toMatchObject([
      { sub: 's', value: { n: 1 }, initial: true },
      { sub: 's', value: { n: 2 } },
    ])
    expect(await client.until('config_update')).toMatchObject({ sub: 'c', data: { seats: 1 } })
    expect(client.socket.protocol).toBe('ironflow.v1')
  })

  test('goes on where a cursor says, on another connection', async () => {
    await start()
    const first = await connect()
    first.send(KV)
    const { cursor } = await first.until('synced')
    first.socket.terminate()
    await harness.put('b/keys/a', 1)
    const second = await connect()
    second.send({ ...KV, cursor })
    await second.until('synced')
    expect(second.frames.map(({ type }) => type)).toEqual(['welcome', 'kv_update', 'synced'])
  })

  test('gets heartbeats with cursors', async () => {
    await start({ heartbeatMs: 20 })
    const client = await connect()
    client.send(KV)
    await client.until('synced')
    expect((await client.until('heartbeat', client.frames.length)).cursors).toEqual({ s: expect.any(String) })
  })

  test('stops following what it unsubscribes', async () => {
    await start()
    const client = await connect()
    client.send(KV)
    await client.until('synced')
    client.send({ type: 'unsubscribe', id: 's' })
    client.send({ ...KV, id: 't', target: 'c' })
    await client.count('synced', 2)
    await harness.put('b/keys/a', 1)
    await harness.put('c/keys/a', 1)
    expect(await client.until('kv_update')).toMatchObject({ sub: 't', bucket: 'c' })
  })

  test('ends its subscriptions when the client goes', async () => {
    await start()
    const client = await connect()
    client.send(KV)
    await client.until('synced')
    expect(harness.server.core.watching.size).toBe(1)
    client.socket.close()
    await client.closed
    expect(harness.server.core.watching.size).toBe(0)
    expect(harness.server.core.watching.parts.hub.size).toBe(0)
  })
})

test('what was to replace a subscription, and is wrong, ends it', async () => {
  await start()
  const client = await connect('/api/v1/ws')
  client.send(KV)
  await client.until('synced')
  client.send({ ...KV, target: 'no bucket' })
  await client.until('error')
  expect(harness.server.core.watching.parts.hub.size).toBe(0)
})

test('a call with a member that means nothing here is refused, not made', async () => {
  await start()
  const client = await connect('/api/v1/ws')
  const params = { name: 'limits', data: {} }
  client.send({ type: 'call', id: 'c', method: 'config.set', params, requestId: 'r', stage: 1 })
  expect(await client.until('reply')).toMatchObject({
    id: 'c',
    problem: { code: 'invalid_request', fields: { stage: expect.any(String) } },
  })
})

describe('what is wrong', () => {
  test('with a subscription is told of that one', async () => {
    await start({ limits: { filtersPerSubscription: 2 } })
    const key = await harness.key({ role: 'viewer', scopes: ['read:kv:b'] })
    const client = await connect('/api/v1/ws', key)
    client.send({ ...KV, id: 'wrong', target: 'no bucket' })
    client.send({ ...KV, id: 'forbidden', target: 'other' })
    client.send({ ...KV, id: 'many', filters: ['a', 'b', 'c'] })
    client.send(KV)
    await client.until('synced')
    expect(client.frames.filter(({ type }) => type === 'error')).toMatchObject([
      { sub: 'wrong', code: 'invalid_request', fields: { target: expect.any(String) } },
      { sub: 'forbidden', code: 'unauthorized' },
      { sub: 'many', code: 'invalid_request', detail: expect.stringContaining('filtersPerSubscription') },
    ])
  })

  test.each(['no JSON', '[]', '{"type":"shout","id":"a"}', '{"type":"subscribe"}'])(
    'with what is no message ends the connection: %s',
    async (text) => {
      await start()
      const client = await connect()
      client.send(text)
      const error = await client.until('error')
      expect(error).toMatchObject({ code: 'invalid_request' })
      expect(error).not.toHaveProperty('sub')
      expect((await client.closed).code).toBe(1008)
    },
  )

  test('with bytes, and with messages beyond the limit, ends it too', async () => {
    await start({ limits: { bodyBytes: 1_000 } })
    const [bytes, large] = [await connect(), await connect()]
    bytes.socket.send(Buffer.from([1, 2, 3]))
    large.send(JSON.stringify({ ...KV, target: 'x'.repeat(3_000) }))
    expect((await bytes.closed).code).toBe(1003)
    expect((await large.closed).code).toBe(1009)
  })
})

describe('calls', () => {
  test('are answered by their id, as they would be over HTTP', async () => {
    await start()
    const client = await connect()
    const call = (id: string, method: string, params: object, more: object = {}) =>
      client.send({ type: 'call', id, method, params, requestId: `request-${id}`, ...more })
    const value = { bucket: 'b', key: 'k', value: { n: 1 }, encoding: 'json' }
    call('1', 'kv.put', value, { idempotencyKey: 'once' })
    await client.count('reply', 1)
    call('2', 'kv.put', value, { idempotencyKey: 'once' })
    call('3', 'kv.get', { bucket: 'b', key: 'k' })
    call('4', 'kv.get', { bucket: 'b', key: 'none' })
    call('5', 'kv.get', { bucket: 'b', key: 'none', typo: 1 })
    call('6', 'kv.steal', {})
    call('7', 'kv.put', { bucket: 'b', key: 'bytes', value: 'AQL/', encoding: 'base64' })
    const replies = await client.count('reply', 7)
    const byId = Object.fromEntries(replies.map((reply) => ['id' in reply ? reply.id : '', reply]))
    const { revision } = (await harness.get('b/keys/k')).json
    expect(byId).toMatchObject({
      1: { result: { revision }, revision },
      2: { result: { revision } },
      3: { result: { value: { n: 1 }, encoding: 'json', revision }, revision },
      4: { problem: { code: 'not_found', status: 404, requestId: 'request-4' } },
      5: { problem: { code: 'invalid_request', fields: { typo: expect.any(String) } } },
      6: { problem: { code: 'invalid_request', fields: { method: expect.any(String) } } },
      7: { result: { revision: expect.any(Number) } },
    })
    expect((await harness.get('b/keys/bytes')).json).toMatchObject({ value: 'AQL/', encoding: 'base64' })
    const { text } = await harness.server.metrics()
    expect(text).toContain('ironflow_request_duration_seconds_count{method="kv.get",code="not_found"} 1')
  })

  test('may do what the key may, in the environment of the socket', async () => {
    await start()
    const key = await harness.key({ role: 'viewer', environment: 'staging' })
    const client = await connect('/api/v1/ws', key)
    expect(await client.until('welcome')).toMatchObject({ environment: 'staging' })
    const value = { bucket: 'b', key: 'k', value: 1, encoding: 'json' }
    client.send({ type: 'call', id: '1', method: 'kv.put', params: value, requestId: 'r' })
    expect(await client.until('reply')).toMatchObject({ problem: { code: 'unauthorized', status: 403 } })
  })

  test('may name another environment than that of the socket, where the key reaches it', async () => {
    await start()
    const put = { method: 'config.set', params: { name: 'limits', data: {} }, requestId: 'r' }
    const client = await connect()
    client.send({ type: 'call', id: '1', ...put, environment: 'staging' })
    expect(await client.until('reply')).toMatchObject({ result: { name: 'limits' }, environment: 'staging' })
    const read = (environment?: string) =>
      harness.request('GET', '/api/v1/config/limits', { headers: { 'x-ironflow-environment': environment } })
    expect([(await read()).status, (await read('staging')).status]).toEqual([404, 200])

    const bound = await connect('/api/v1/ws', await harness.key({ role: 'developer', environment: 'default' }))
    bound.send({ type: 'call', id: '2', ...put, environment: 'staging' })
    expect(await bound.until('reply')).toMatchObject({ problem: { code: 'unauthorized' } })
  })

  test('more of them than are answered at once wait, and all are answered', async () => {
    await start({ limits: { callsPerSocket: 3 } })
    await harness.put('b/keys/k', 1)
    const client = await connect()
    for (let n = 0; n < 500; n++) {
      client.send({ type: 'call', id: `${n}`, method: 'kv.get', params: { bucket: 'b', key: 'k' }, requestId: 'r' })
    }
    const replies = await client.count('reply', 500)
    expect(new Set(replies.map((reply) => 'id' in reply && reply.id)).size).toBe(500)
  })
})

describe('who may connect', () => {
  test.each([
    ['no key', [], {}, 401],
    ['an unknown key', ['ironflow.v1', 'bearer.aWZrZXk'], {}, 401],
    ['a key that is no base64', ['ironflow.v1', 'bearer.!'], {}, 400],
    ['another subprotocol', ['graphql-ws'], {}, 400],
    ['a page of an origin that is not on the list', [], { origin: 'https://evil.example', auth: true }, 403],
    ['an environment that is none', [], { auth: true, environment: 'NO' }, 400],
  ])('not %s', async (_, protocols, { origin, auth, environment }: Record<string, unknown>, status) => {
    await start({ corsOrigins: ['https://app.example.com'] })
    const headers: Record<string, string> = {}
    if (auth) headers.authorization = `Bearer ${ADMIN_KEY}`
    if (environment) headers['x-ironflow-environment'] = String(environment)
    const options = { headers, origin: origin as string | undefined }
    const client = kept(new SocketClient(`${listening.url}/api/v1/ws`, protocols, options))
    const refusal = await client.refusal()
    expect(refusal.status).toBe(status)
    expect(refusal.headers['content-type']).toBe('application/problem+json')
    expect(JSON.parse(refusal.body)).toMatchObject({ status, requestId: refusal.headers['x-request-id'] })
  })

  test('a page that is on the list, a program with a header, an environment in the query', async () => {
    await start({ corsOrigins: ['https://app.example.com'] })
    const url = `${listening.url}/api/v1/ws`
    const page = kept(
      SocketClient.withKey(`${url}?environment=staging`, ADMIN_KEY, { origin: 'https://app.example.com' }),
    )
    expect(await page.until('welcome')).toMatchObject({ environment: 'staging' })
    const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'x-ironflow-environment': 'production' }
    const program = kept(new SocketClient(url, [], { headers }))
    expect(await program.until('welcome')).toMatchObject({ environment: 'production' })
  })

  test('in dev mode: pages of this machine, without a key', async () => {
    await start({ auth: 'none' })
    const url = `${listening.url}/api/v1/ws`
    await kept(new SocketClient(url, [], { origin: 'http://localhost:5173' })).until('welcome')
    for (const options of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { headers: { host: 'evil.example' } },
    ]) {
      expect((await kept(new SocketClient(url, [], options)).refusal()).status).toBe(403)
    }
  })

  test('nobody on a path that is no socket; nor beyond the limit', async () => {
    await start({ limits: { streams: 1 } })
    expect((await kept(SocketClient.withKey(`${listening.url}/api/v1/config`)).refusal()).status).toBe(404)
    await connect()
    const { status, body, headers } = await kept(SocketClient.withKey(`${listening.url}/api/v1/ws`)).refusal()
    expect([status, JSON.parse(body).details]).toEqual([429, { limit: 'streams', max: 1 }])
    expect(headers['retry-after']).toBe('1')
  })

  test('without an upgrade, the route says what it is', async () => {
    await start()
    const { status, headers } = await harness.request('GET', '/api/v1/ws')
    expect([status, headers.get('upgrade')]).toEqual([426, 'websocket'])
  })

  test('a key that is revoked loses its socket', async () => {
    await start({ heartbeatMs: 50 })
    const key = await harness.key({ role: 'viewer' })
    const { id } = await harness.server.core.authenticator.verify(hashOf(key))
    const client = await connect('/api/v1/ws', key)
    client.send(KV)
    await client.until('synced')
    await harness.request('DELETE', `/api/v1/apikeys/${id}`)
    expect(await client.until('error')).toMatchObject({ code: 'unauthenticated' })
    expect((await client.closed).code).toBe(1008)
  })
})

describe('a route that watches one thing', () => {
  test.each([
    ['/api/v1/config/limits/watch', 'config_update', { name: 'limits', data: { seats: 1 } }],
    ['/api/v1/kv/buckets/b/watch?key=a&key=x.*', 'kv_update', { key: 'a', value: 1 }],
    ['/api/v1/events/watch?pattern=system.config.*.updated', 'event', { topic: 'system.config.limits.updated' }],
  ] as const)('%s', async (path, type, expected) => {
    await start()
    const client = await connect(path)
    await client.until('synced')
    await harness.put('b/keys/other', 0)
    await harness.put('b/keys/a', 1)
    await harness.request('POST', '/api/v1/config/limits', { body: { seats: 1 } })
    const frame = await client.until(type)
    expect(frame).toMatchObject(expected)
    expect(frame).not.toHaveProperty('sub')
  })

  test('refuses in place of the upgrade what it cannot watch, and takes no messages', async () => {
    await start()
    const path = `${listening.url}/api/v1/kv/buckets/b/watch`
    expect((await kept(SocketClient.withKey(`${path}?key=a..b`)).refusal()).status).toBe(400)
    const key = await harness.key({ role: 'viewer', scopes: ['read:kv:other'] })
    expect((await kept(SocketClient.withKey(path, key)).refusal()).status).toBe(403)
    const client = await connect('/api/v1/kv/buckets/b/watch')
    client.send(KV)
    expect((await client.closed).code).toBe(1008)
  })
})

describe('a server that stops', () => {
  test('says goodbye, closes, and does not wait for those who stay', async () => {
    await start()
    const client = await connect()
    client.send(KV)
    await client.until('synced')
    const stopped = listening.close()
    expect((await client.until('goodbye')).retryAfterMs).toBeGreaterThan(0)
    expect((await client.closed).code).toBe(1001)
    await stopped
  })
})

test('a client that reads slowly gets the final state, and holds up nobody', async () => {
  await start({ limits: { streamBufferBytes: 65_536, watchQueueBytes: 200_000 } })
  const [slow, quick] = [await connect(), await connect()]
  for (const client of [slow, quick]) {
    client.send(KV)
    await client.until('synced')
  }
  slow.socket.pause()
  const value = (n: number) => 'x'.repeat(100_000) + n
  for (let n = 0; n < 300; n++) {
    await harness.put(`b/keys/k.${n % 20}`, JSON.stringify(value(n)))
    // One who reads gets each of them: there is time for it.
    await quick.count('kv_update', n + 1)
  }
  slow.socket.resume()
  const final = Array.from({ length: 20 }, (_, n) => [`k.${n}`, value(280 + n)])
  await slow.untilTrue(() => {
    const newest = new Map(slow.frames.flatMap((each) => ('key' in each ? [[each.key, each.value]] : [])))
    return final.every(([key, wanted]) => newest.get(key as string) === wanted)
  })
  expect(slow.frames.length).toBeLessThan(200)
  expect((await harness.server.metrics()).text).toMatch(/ironflow_watch_dropped_total [1-9]/)
})
