import { request } from 'node:http'
import { METHODS, type MethodName, type Role, type ServerFrame } from '@ironflow/core/protocol'
import { type ClientOptions, createClient, type IronflowError } from '@ironflow/node'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { inProcessTransport } from '../../src'
import { type Listening, serve } from '../../src/node'
import { ADMIN_KEY, Harness } from '../support/harness'
import { REQUESTS } from '../support/requests'
import { SocketClient } from '../support/watch-clients'

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
const META = ['/', '/health', '/ready', '/metrics', '/api/v1/capabilities', '/api/v1/openapi.json']
let key: string
let listening: Listening

beforeAll(async () => {
  listening = await serve(harness.server, { port: 0 })
  await harness.request('POST', '/api/v1/config/app-a', { body: { secret: 1 } })
  await harness.put('sessions/keys/a', { secret: 1 })
  key = await harness.key({ role: 'client' as Role })
})
afterAll(() => listening.close())

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

test.each([...ONE_THING, 'ws'])('a WebSocket of %s is not opened', async (route) => {
  const { status } = await SocketClient.withKey(`${listening.url}/api/v1/${route}`, key).refusal()
  expect(status).toBe(403)
})

test.each(ONE_THING)('no event stream of %s is opened', async (route) => {
  const { status, json } = await harness.request('GET', `/api/v1/${route}`, { key })
  expect([status, json.code]).toEqual([403, 'unauthorized'])
})

test.each([
  ['with subscriptions', SUBSCRIPTIONS],
  ['with none, whose body is not even read', []],
])('a session is refused, as events and as a long poll: one %s', async (_, subscriptions) => {
  for (const accept of ['text/event-stream', 'application/json']) {
    const sent = { body: { subscriptions }, headers: { accept }, key }
    const { status, json } = await harness.request('POST', '/api/v1/watch?waitMs=0', sent)
    expect([status, json.code]).toEqual([403, 'unauthorized'])
  }
})

test('a connection in process is refused before it subscribes to anything', async () => {
  const transport = inProcessTransport(harness.server, { apiKey: key })
  const frames: ServerFrame[] = []
  const error = await new Promise<IronflowError | undefined>((resolve) => {
    transport.connect({
      subscriptions: () => [],
      begun: () => undefined,
      frame: (frame) => frames.push(frame),
      ended: ({ error }) => resolve(error),
      environment: undefined,
    })
  })
  expect([error?.code, frames]).toEqual(['unauthorized', []])
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

test.each(META)('%s shows what it shows to a caller without a key, or nothing', async (target) => {
  const stranger = await harness.request('GET', target, { key: null })
  const { status, json, text } = await harness.request('GET', target, { key })
  if (stranger.status === 200) expect([status, text]).toEqual([200, stranger.text])
  else expect([stranger.status, status, json.code]).toEqual([401, 403, 'unauthorized'])
})

test.each([
  ['a viewer whose only scope is to write', { role: 'viewer', scopes: ['write:kv:*'] }, 403],
  ['a viewer whose scope is to read one bucket', { role: 'viewer', scopes: ['read:kv:a'] }, 200],
] as const)(
  'capabilities, the API description and an empty session for %s: %s %i',
  async (_, { role, scopes }, wanted) => {
    const sent = { key: await harness.key({ role, scopes: [...scopes] }) }
    expect((await harness.request('GET', '/api/v1/capabilities', sent)).status).toBe(wanted)
    expect((await harness.request('GET', '/api/v1/openapi.json', sent)).status).toBe(wanted)
    const socket = SocketClient.withKey(`${listening.url}/api/v1/ws`, sent.key)
    if (wanted === 200) await socket.until('welcome')
    else expect((await socket.refusal()).status).toBe(403)
    socket.socket.close()
  },
)

test('a connection ends when its key becomes one of that role, and its subscriptions before it', async () => {
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
  const errors = await socket.count('error', 2)
  expect(errors).toMatchObject([{ sub: 'kv', code: 'unauthorized' }, { code: 'unauthorized' }])
  expect(errors[1]).not.toHaveProperty('sub')
  expect((await socket.closed).code).toBe(1008)
})
