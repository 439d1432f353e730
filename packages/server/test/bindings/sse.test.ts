import { afterEach, describe, expect, test } from 'vitest'
import type { ServerOptions } from '../../src'
import { hashOf } from '../../src/domain/key-records'
import { type Listening, serve } from '../../src/node'
import { ADMIN_KEY, Harness } from '../support/harness'
import { EventClient } from '../support/watch-clients'
import { RawConnection } from './node/raw-http'

let harness: Harness
let listening: Listening
const clients: { close(): void }[] = []

const start = async (options: Partial<ServerOptions> = {}) => {
  harness = new Harness(options)
  listening = await serve(harness.server, { port: 0 })
}
const open = async (path: string, init?: RequestInit) => {
  const client = await EventClient.open(listening.url + path, init)
  clients.push(client)
  return client
}
const session = (subscriptions: object[]): RequestInit => ({
  method: 'POST',
  headers: { accept: 'text/event-stream', 'content-type': 'application/json' },
  body: JSON.stringify({ subscriptions }),
})

afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await listening.close()
  await harness.engine.close()
})

describe('a route that watches one thing', () => {
  test('streams events, whose ids are cursors, and no proxy may hold them up', async () => {
    await start()
    await harness.request('POST', '/api/v1/config/limits', { body: { seats: 1 } })
    const client = await open('/api/v1/config/limits/watch')
    expect(client.response.status).toBe(200)
    expect(Object.fromEntries(client.response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': expect.stringContaining('no-cache'),
      'x-accel-buffering': 'no',
      'x-ironflow-environment': 'default',
      'x-request-id': expect.any(String),
    })
    await client.until('synced')
    await harness.request('PATCH', '/api/v1/config/limits', { body: { seats: 2 } })
    await client.count('config_update', 2)
    expect(client.events.map(({ type }) => type)).toEqual(['welcome', 'config_update', 'synced', 'config_update'])
    const [, value, synced, change] = client.frames
    expect(value).toMatchObject({ name: 'limits', data: { seats: 1 }, initial: true })
    expect(client.events.map(({ id }) => id)).toEqual([
      undefined,
      undefined,
      synced && 'cursor' in synced && synced.cursor,
      change && 'cursor' in change && change.cursor,
    ])
    expect(change).not.toHaveProperty('sub')
  })

  const resumptions = ['header', 'query', 'lastEventId', 'newer header', 'newer lastEventId', 'header, not lastEventId']

  test.each(resumptions)('goes on where the %s says', async (place) => {
    await start()
    const first = await open('/api/v1/kv/buckets/b/watch?key=a&key=c.*')
    await first.until('synced')
    await harness.put('b/keys/a', 1)
    await first.until('kv_update')
    const [stale, newest] = [first.events.at(-2)?.id, first.events.at(-1)?.id ?? '']
    first.close()
    await harness.put('b/keys/c.d', 2)
    const queries: Record<string, string> = {
      query: `&cursor=${newest}`,
      lastEventId: `&lastEventId=${newest}`,
      'newer header': `&cursor=${stale}`,
      'newer lastEventId': `&cursor=${stale}&lastEventId=${newest}`,
      'header, not lastEventId': `&lastEventId=${stale}`,
    }
    const headers: Record<string, string> = place.includes('header') ? { 'last-event-id': newest } : {}
    const second = await open(`/api/v1/kv/buckets/b/watch?key=a&key=c.*${queries[place] ?? ''}`, { headers })
    await second.until('synced')
    expect(second.frames.slice(1)).toMatchObject([{ type: 'kv_update', key: 'c.d' }, { type: 'synced' }])
  })

  test('has heartbeats that are events with an id', async () => {
    await start({ heartbeatMs: 20 })
    const client = await open('/api/v1/events/watch?pattern=system.config.*.updated')
    await client.until('synced')
    const heartbeat = await client.until('heartbeat', client.frames.length)
    const { id } = client.events[client.frames.indexOf(heartbeat)] ?? {}
    expect(Object.values(heartbeat.cursors)).toEqual([id])
  })

  test('reads as text, without a client of ours', async () => {
    await start({ auth: 'none' })
    await harness.request('POST', '/api/v1/config/limits', { body: { seats: 1 } })
    const connection = new RawConnection(listening.port)
    clients.push({ close: () => connection.end() })
    connection.send('GET /api/v1/config/limits/watch HTTP/1.1\r\nhost: localhost\r\naccept: */*\r\n\r\n')
    const text = await connection.until('event: synced')
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(text).toContain('event: config_update\ndata: {"type":"config_update","initial":true,"name":"limits"')
  })

  test.each([
    ['/api/v1/config/no.name/watch', 400, 'name'],
    ['/api/v1/kv/buckets/SYS_x/watch', 400, 'bucket'],
    ['/api/v1/kv/buckets/b/watch?key=a..b', 400, 'key'],
    ['/api/v1/kv/buckets/b/watch?cursor=yesterday', 400, 'cursor'],
    ['/api/v1/kv/buckets/b/watch?lastEventId=yesterday', 400, 'lastEventId'],
    ['/api/v1/kv/buckets/b/watch?lastEventId=a-1-1&lastEventId=a-1-1', 400, 'lastEventId'],
    ['/api/v1/kv/buckets/b/watch?updatesOnly=yes', 400, 'updatesOnly'],
    ['/api/v1/kv/buckets/b/watch?cursor=a-1-1&cursor=a-1-1', 400, 'cursor'],
    ['/api/v1/kv/buckets/b/watch?filter=a', 400, 'filter'],
    ['/api/v1/events/watch?pattern=orders.*', 400, 'pattern'],
    ['/api/v1/config/limits/watch?environment=NO', 400, 'environment'],
  ])('refuses %s with %i, naming %s', async (target, status, place) => {
    await start()
    const answer = await harness.request('GET', target)
    expect(answer.status).toBe(status)
    expect(Object.keys(answer.json.fields)).toEqual([place])
  })

  test('refuses who may not, and too many of those who may', async () => {
    await start({ limits: { streamsPerKey: 1, filtersPerSubscription: 1 } })
    const target = '/api/v1/kv/buckets/b/watch'
    const key = await harness.key({ role: 'viewer', scopes: ['read:kv:other'] })
    expect((await harness.request('GET', target, { key: null })).status).toBe(401)
    expect((await harness.request('GET', target, { key })).status).toBe(403)
    const many = await harness.request('GET', `${target}?key=a&key=b`)
    expect([many.status, many.json.details.limit]).toEqual([400, 'filtersPerSubscription'])
    await (await open(target)).until('synced')
    const second = await harness.request('GET', target)
    expect([second.status, second.json.details.limit]).toEqual([429, 'streamsPerKey'])
    expect((await harness.request('POST', target)).status).toBe(405)
    expect((await harness.request('OPTIONS', target, { key: null })).headers.get('allow')).toBe('GET, OPTIONS')
  })
})

describe('a session', () => {
  test('carries all its subscriptions on one stream', async () => {
    await start()
    await harness.put('b/keys/a', 1)
    const client = await open(
      '/api/v1/watch',
      session([
        { id: '1', kind: 'kv', target: 'b' },
        { id: '2', kind: 'config', target: 'limits' },
      ]),
    )
    await client.count('synced', 2)
    await harness.request('POST', '/api/v1/config/limits', { body: { seats: 1 } })
    expect(await client.until('config_update')).toMatchObject({ sub: '2', cursor: expect.any(String) })
    expect(await client.until('kv_update')).toMatchObject({ sub: '1', initial: true })
    // One id could not say where each of them is.
    expect(client.events.every(({ id }) => id === undefined)).toBe(true)
  })

  test.each([
    [{ subscriptions: [] }, 'subscriptions'],
    [{ subscriptions: [{ id: '1', kind: 'kv', target: '' }] }, 'subscriptions.0.target'],
    [{ subscriptions: [{ id: '1', kind: 'kv', target: 'b', cursor: 'no' }] }, 'subscriptions.0.cursor'],
    ['{', 'body'],
  ])('refuses %j', async (body, place) => {
    await start()
    for (const accept of ['text/event-stream', 'application/json']) {
      const answer = await harness.request('POST', '/api/v1/watch', { body, headers: { accept } })
      expect([answer.status, Object.keys(answer.json.fields)]).toEqual([400, [place]])
    }
    expect(harness.server.core.watching.size).toBe(0)
  })

  test.each(['header', 'query'])(
    'of one subscription goes on where its last event id in the %s says',
    async (place) => {
      await start()
      await harness.put('b/keys/gone', 1)
      const init = session([{ id: '1', kind: 'kv', target: 'b' }])
      const first = await open('/api/v1/watch', init)
      const synced = await first.until('synced')
      const id = first.events.at(-1)?.id ?? ''
      expect(id).toBe(synced.cursor)
      first.close()
      await harness.request('DELETE', '/api/v1/kv/buckets/b/keys/gone')
      const headers = { ...init.headers, ...(place === 'header' ? { 'last-event-id': id } : {}) }
      const second = await open(`/api/v1/watch${place === 'query' ? `?lastEventId=${id}` : ''}`, { ...init, headers })
      await second.until('synced')
      expect(second.frames.slice(1)).toMatchObject([{ key: 'gone', operation: 'delete' }, { type: 'synced' }])
    },
  )

  test.each([
    ['several subscriptions', '0-1-1', [1, 2], 'several subscriptions'],
    ['an id of another server', 'yesterday', [1], 'is not one that this server gave'],
  ])('with %s refuses to resume by the id of an event, and says why', async (_, id, targets, reason) => {
    await start()
    const body = { subscriptions: targets.map((n) => ({ id: `${n}`, kind: 'kv', target: 'b' })) }
    for (const accept of ['text/event-stream', 'application/json']) {
      const headers = { accept, 'last-event-id': id }
      const answer = await harness.request('POST', '/api/v1/watch', { body, headers })
      expect([answer.status, Object.keys(answer.json.fields)]).toEqual([400, ['last-event-id']])
      expect(answer.json.fields['last-event-id']).toContain(reason)
    }
  })

  test('refuses what is not allowed, and carries the rest', async () => {
    await start()
    const key = await harness.key({ role: 'viewer', scopes: ['read:kv:b'] })
    const body = { subscriptions: ['c', 'b'].map((target) => ({ id: target, kind: 'kv', target })) }
    const polled = await harness.request('POST', '/api/v1/watch', { body, key })
    expect(polled.json.frames).toMatchObject([
      { type: 'error', sub: 'c', code: 'unauthorized' },
      { type: 'synced', sub: 'b' },
    ])
    expect(Object.keys(polled.json.cursors)).toEqual(['b'])
    const { headers, ...init } = session(body.subscriptions)
    const client = await open('/api/v1/watch', { ...init, headers: { ...headers, authorization: `Bearer ${key}` } })
    expect(await client.until('error')).toMatchObject({ sub: 'c', code: 'unauthorized' })
    expect(await client.until('synced')).toMatchObject({ sub: 'b' })
  })
})

describe('the end of a stream', () => {
  test('by its client leaves nothing behind', async () => {
    await start()
    const client = await open('/api/v1/config/limits/watch')
    await client.until('synced')
    client.close()
    await client.untilTrue(() => harness.server.core.watching.size === 0)
    expect(harness.server.core.watching.parts.hub.size).toBe(0)
  })

  test('by a server that stops is announced, with the time to come back', async () => {
    await start()
    const client = await open('/api/v1/config/limits/watch')
    await client.until('synced')
    const stopped = listening.close()
    const { retryAfterMs } = await client.until('goodbye')
    await client.end()
    await stopped
    expect(client.text).toContain(`event: goodbye\nretry: ${retryAfterMs}\n`)
  })

  test('by a key that is revoked is told', async () => {
    await start({ heartbeatMs: 50 })
    const key = await harness.key({ role: 'viewer' })
    const { id } = await harness.server.core.authenticator.verify(hashOf(key))
    const client = await open('/api/v1/config/limits/watch', { headers: { authorization: `Bearer ${key}` } })
    await client.until('synced')
    await harness.request('DELETE', `/api/v1/apikeys/${id}`)
    expect(await client.until('error')).toMatchObject({ code: 'unauthenticated' })
    await client.end()
  })
})

test('a page of an allowed origin may read the stream', async () => {
  await start({ corsOrigins: ['https://app.example.com'] })
  const client = await open('/api/v1/config/limits/watch', { headers: { origin: 'https://app.example.com' } })
  expect(client.response.headers.get('access-control-allow-origin')).toBe('https://app.example.com')
})

test('a client that reads slowly gets the final state', async () => {
  await start({ limits: { streamBufferBytes: 65_536, watchQueueBytes: 200_000 } })
  const connection = new RawConnection(listening.port)
  clients.push({ close: () => connection.end() })
  connection.send(`GET /api/v1/kv/buckets/b/watch HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${ADMIN_KEY}\r\n\r\n`)
  await connection.until('event: synced')
  connection.pause()
  for (let n = 0; n < 200; n++) {
    await harness.put(`b/keys/k.${n % 10}`, JSON.stringify('x'.repeat(100_000) + n))
    await new Promise((resolve) => setImmediate(resolve))
  }
  connection.resume()
  for (let n = 190; n < 200; n++) await connection.until(`xxx${n}"`)
  expect(connection.received.split('event: kv_update').length).toBeLessThan(150)
})

test('the web-standard door streams too, and its reader may stop', async () => {
  await start()
  await harness.put('b/keys/a', 1)
  const headers = { authorization: `Bearer ${ADMIN_KEY}` }
  const response = await harness.server.fetch(new Request('http://localhost/api/v1/kv/buckets/b/watch', { headers }))
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  let text = ''
  while (!text.includes('event: synced')) text += new TextDecoder().decode((await reader.read()).value)
  expect(text).toContain('"key":"a","value":1')
  await reader.cancel()
  expect(harness.server.core.watching.size).toBe(0)
})
