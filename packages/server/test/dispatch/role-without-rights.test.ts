import { request } from 'node:http'
import { METHODS, type MethodName, type Role, type ServerFrame } from '@ironflow/core/protocol'
import { type ClientOptions, createClient, type IronflowError } from '@ironflow/node'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { inProcessTransport } from '../../src'
import { type Listening, serve } from '../../src/node'
import { ADMIN_KEY, Harness } from '../support/harness'
import { REQUESTS } from '../support/requests'
import { EventClient, SocketClient } from '../support/watch-clients'

/** The role is added here, and nowhere else: what the table of roles does not allow, nothing does. */
vi.mock('@ironflow/core/protocol', async (importOriginal) => {
  const protocol = await importOriginal<typeof import('@ironflow/core/protocol')>()
  return { ...protocol, ROLES: { ...protocol.ROLES, client: [] } }
})

const harness = new Harness()
const SUBSCRIPTIONS = [
  { id: 'config', kind: 'config', target: 'app-a' },
  { id: 'kv', kind: 'kv', target: 'sessions' },
  { id: 'events', kind: 'events', target: 'system.config.>' },
] as const
const ONE_THING = ['config/app-a/watch', 'kv/buckets/sessions/watch', 'events/watch']
let key: string
let listening: Listening

beforeAll(async () => {
  listening = await serve(harness.server, { port: 0 })
  await harness.request('POST', '/api/v1/config/app-a', { body: { secret: 1 } })
  await harness.put('sessions/keys/a', { secret: 1 })
  key = await harness.key({ role: 'client' as Role })
})
afterAll(() => listening.close())

/** Only errors of subscriptions that may not be: what else a connection says is about itself. */
function expectRefusals(frames: readonly ServerFrame[]) {
  const others = frames.filter(({ type }) => type !== 'welcome')
  expect(others.map((frame) => (frame.type === 'error' ? [frame.sub, frame.code] : frame))).toEqual(
    SUBSCRIPTIONS.map(({ id }) => [id, 'unauthorized']),
  )
}

test.each(Object.keys(METHODS) as MethodName[])('over HTTP, %s is refused', async (method) => {
  const [verb, target, body, headers] = REQUESTS[method]
  const { status, json } = await harness.request(verb, target, { body, headers, key })
  expect([status, json.code]).toEqual([403, 'unauthorized'])
})

test('a cached read is refused', async () => {
  const ask = (apiKey: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = { authorization: `Bearer ${apiKey}` }
      const path = '/api/v1/kv/buckets/sessions/keys/a'
      const sent = request({ port: listening.port, path, headers }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode))
      })
      sent.on('error', reject).end()
    })
  const { get } = harness.engine
  let reads = 0
  harness.engine.get = (bucket, ...rest) => {
    if (bucket.startsWith('APP_')) reads++
    return get.call(harness.engine, bucket, ...rest)
  }
  for (let index = 0; index < 3; index++) expect(await ask(ADMIN_KEY)).toBe(200)
  const before = reads
  expect([await ask(ADMIN_KEY), reads]).toEqual([200, before])
  expect([await ask(key), reads]).toEqual([403, before])
})

test('over a WebSocket, every subscription and every call is refused', async () => {
  const socket = SocketClient.withKey(`${listening.url}/api/v1/ws`, key)
  await socket.opened
  for (const subscription of SUBSCRIPTIONS) socket.send({ type: 'subscribe', ...subscription })
  await socket.count('error', SUBSCRIPTIONS.length)
  expectRefusals(socket.frames)
  socket.send({ type: 'call', id: 'get', method: 'kv.get', params: { bucket: 'sessions', key: 'a' }, requestId: 'r' })
  expect((await socket.until('reply')).problem?.code).toBe('unauthorized')
  socket.socket.close()
})

test.each(ONE_THING)('a WebSocket of %s is not opened', async (route) => {
  const { status } = await SocketClient.withKey(`${listening.url}/api/v1/${route}`, key).refusal()
  expect(status).toBe(403)
})

test.each(ONE_THING)('no event stream of %s is opened', async (route) => {
  const { status, json } = await harness.request('GET', `/api/v1/${route}`, { key })
  expect([status, json.code]).toEqual([403, 'unauthorized'])
})

test('over SSE, every subscription of a session is refused', async () => {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', accept: 'text/event-stream' }
  const body = JSON.stringify({ subscriptions: SUBSCRIPTIONS })
  const client = await EventClient.open(`${listening.url}/api/v1/watch`, { method: 'POST', headers, body })
  await client.count('error', SUBSCRIPTIONS.length)
  expectRefusals(client.frames)
  client.close()
})

test('by long poll, every subscription is refused', async () => {
  const body = { subscriptions: SUBSCRIPTIONS }
  const { json } = await harness.request('POST', '/api/v1/watch?waitMs=0', { body, key })
  expectRefusals(json.frames)
  expect(json.cursors).toEqual({})
})

test('in process, reads and watches are refused', async () => {
  const errors: IronflowError[] = []
  const options: ClientOptions = { transport: inProcessTransport(harness.server, { apiKey: key }) }
  await using client = createClient(options)
  await expect(client.config().get('app-a')).rejects.toMatchObject({ code: 'unauthorized' })
  const told = new Promise<void>((resolve) => {
    const onError = (error: IronflowError) => {
      errors.push(error)
      resolve()
    }
    client
      .kv()
      .bucket('sessions')
      .watch({ onUpdate: () => expect.unreachable(), onError })
  })
  await told
  expect(errors[0]).toMatchObject({ code: 'unauthorized', status: 403 })
})

test('metrics are refused', async () => {
  const { status, json } = await harness.request('GET', '/metrics', { key })
  expect([status, json.code]).toEqual([403, 'unauthorized'])
})

test('a watch that is open ends when its key becomes one of that role', async () => {
  const viewer = await harness.server.core.authenticator.verify(harness.server.core.authenticator.keyHash(ADMIN_KEY))
  const socket = SocketClient.withKey(`${listening.url}/api/v1/ws`)
  await socket.opened
  socket.send({ type: 'subscribe', ...SUBSCRIPTIONS[1] })
  await socket.until('synced')
  const stored = await harness.engine.get('SYS_apikeys', viewer.id)
  if (stored?.value?.encoding !== 'json') throw new Error('the key is not stored as JSON')
  const record = { ...JSON.parse(stored.value.text), role: 'client' }
  await harness.engine.put('SYS_apikeys', viewer.id, { encoding: 'json', text: JSON.stringify(record) })
  harness.server.core.watching.tick()
  expect(await socket.until('error')).toMatchObject({ sub: 'kv', code: 'unauthorized' })
  socket.socket.close()
})
