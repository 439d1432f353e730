import { describe, expect, test } from 'vitest'
import type { ClientOptions } from '../../src/options'
import type { Subscription } from '../../src/protocol/frames'
import { WebSocketConnection } from '../../src/transport/websocket'
import { type FakeSocket, settle } from '../fake-platform'
import { RecordingSession, wire } from './wire'

interface Given {
  apiKey?: ClientOptions['apiKey']
  serverUrls?: string[]
  session?: RecordingSession
}

async function connect({ session = new RecordingSession(), ...options }: Given = {}) {
  const made = wire({ headers: { 'x-tenant': 't' }, ...options })
  const connection = new WebSocketConnection(made.link, session)
  await settle()
  const socket = made.platform.sockets[0] as FakeSocket
  return { ...made, session, connection, socket }
}

const sent = ({ sent: texts }: FakeSocket) => texts.map((text) => JSON.parse(text))

describe('the upgrade', () => {
  test.each([
    ['http://host:9123', 'ws://host:9123/api/v1/ws'],
    ['https://host/base', 'wss://host/base/api/v1/ws'],
  ])('of %s goes to %s', async (server, url) => {
    const { socket } = await connect({ serverUrls: [server] })
    expect([socket.url, socket.protocols]).toEqual([url, ['ironflow.v1']])
  })

  test('has the environment in its query: a browser cannot send a header', async () => {
    const { socket } = await connect({ session: new RecordingSession([], 'prod-eu') })
    expect(socket.url).toBe('ws://host/base/api/v1/ws?environment=prod-eu')
    expect(socket.headers).toEqual({ 'x-tenant': 't', 'x-ironflow-client': 'test/0.0.0' })
  })

  test('has the key as a subprotocol, in characters that one may have', async () => {
    const apiKey = 'ifkey_~~~???>>>/+='
    const { socket } = await connect({ apiKey })
    const [name, key = ''] = socket.protocols
    expect(name).toBe('ironflow.v1')
    expect(key).toMatch(/^bearer\.[A-Za-z0-9_-]+$/)
    expect(key).toMatch(/[_-]/)
    expect(Buffer.from(key.replace('bearer.', ''), 'base64url').toString()).toBe(apiKey)
    expect(socket.headers).not.toHaveProperty('authorization')
  })

  test('asks the function for a key at every connection', async () => {
    let asked = 0
    const apiKey = async () => `ifkey_${++asked}`
    const { platform, link, session } = await connect({ apiKey })
    new WebSocketConnection(link, session)
    await settle()
    const keys = platform.sockets.map(({ protocols }) => Buffer.from(`${protocols[1]?.slice(7)}`, 'base64url'))
    expect(keys.map(String)).toEqual(['ifkey_1', 'ifkey_2'])
  })

  test('does not come about without the key that a function was to bring', async () => {
    const apiKey = () => Promise.reject(new Error('vault is sealed'))
    const { platform, session } = await connect({ apiKey })
    expect(platform.sockets).toEqual([])
    expect(session.ends).toMatchObject([{ error: { code: 'unauthenticated', cause: { message: 'vault is sealed' } } }])
  })
})

test('a WebSocket that cannot be made says nothing about the server', async () => {
  const { platform, link } = wire({ serverUrls: ['http://one', 'http://two'] })
  const refusal = new DOMException('not in here', 'SecurityError')
  platform.openSocket = () => {
    throw refusal
  }
  const session = new RecordingSession()
  new WebSocketConnection(link, session)
  await settle()
  expect(session.ends).toMatchObject([
    { isOpaque: true, error: { message: 'the WebSocket could not be opened: not in here', cause: refusal } },
  ])
  expect(link.server).toBe('http://one')
})

describe('an open WebSocket', () => {
  test('subscribes to everything that is wanted by then', async () => {
    const session = new RecordingSession([])
    const { socket, connection } = await connect({ session })
    expect(connection.send({ type: 'subscribe', id: '1', kind: 'kv', target: 'b' })).toBe(true)
    expect([socket.sent, session.asked]).toEqual([[], 0])
    session.wanted = [
      { id: '1', kind: 'kv', target: 'b', filters: ['a.*'] },
      { id: '2', kind: 'config', target: 'limits', cursor: 'e-1-1' },
    ]
    socket.open()
    expect(sent(socket)).toEqual(session.wanted.map((each) => ({ type: 'subscribe', ...each })))
    expect(session.asked).toBe(1)
  })

  test('carries messages both ways', async () => {
    const { socket, connection, session } = await connect({ session: new RecordingSession([]) })
    socket.open()
    expect(connection.send({ type: 'unsubscribe', id: '1' })).toBe(true)
    expect(sent(socket)).toEqual([{ type: 'unsubscribe', id: '1' }])
    socket.receive({ type: 'synced', sub: '1', cursor: 'e-1-1' })
    expect(session.frames).toEqual([{ type: 'synced', sub: '1', cursor: 'e-1-1' }])
  })

  test.each(['', 'hello', '[]', 'null', '5', '{}', '{"type":7}', '{"type":"synced"'])(
    'ignores a message that is no frame (%j)',
    async (text) => {
      const { socket, session } = await connect()
      socket.open()
      socket.receive(text)
      socket.receive({ type: 'from_the_future' })
      expect(session.types).toEqual(['from_the_future'])
      expect(session.ends).toEqual([])
    },
  )
})

describe('the end', () => {
  test('with an answer is the error in it', async () => {
    const { socket, session, link } = await connect({ serverUrls: ['http://one', 'http://two'] })
    const text = '{"code":"rate_limited","detail":"too many"}'
    socket.end({ response: { status: 429, headers: new Headers({ 'retry-after': '3' }), text } })
    expect(session.ends).toMatchObject([{ error: { code: 'rate_limited', status: 429, retryAfterMs: 3_000 } }])
    expect(session.ends[0]?.isOpaque).toBeFalsy()
    expect(link.server).toBe('http://one')
  })

  test('with 401 forgets the key, with 503 the server', async () => {
    let asked = 0
    const apiKey = () => `ifkey_${++asked}`
    const { socket, credentials } = await connect({ apiKey })
    socket.end({ response: { status: 401, headers: new Headers(), text: '' } })
    expect(await credentials.key(new AbortController().signal)).toBe('ifkey_2')
    const other = await connect({ serverUrls: ['http://one', 'http://two'] })
    other.socket.end({ response: { status: 503, headers: new Headers(), text: '' } })
    expect(other.link.server).toBe('http://two')
  })

  test("with a network error is the platform's own, and leads to the next server", async () => {
    const { socket, session, link } = await connect({ serverUrls: ['http://one', 'http://two'] })
    const error = new Error('connect ECONNREFUSED')
    socket.end({ error, code: 1006 })
    expect(session.ends).toMatchObject([{ error: { code: 'connection_failed', cause: error } }])
    expect(session.ends[0]?.isOpaque).toBeFalsy()
    expect(link.server).toBe('http://two')
  })

  test('that nobody explains before it was open is opaque', async () => {
    const { socket, session } = await connect()
    socket.end({ code: 1006 })
    expect(session.ends).toMatchObject([{ error: { message: 'the WebSocket could not be opened' }, isOpaque: true }])
  })

  test('of an open one says code and reason, and that nobody explains it: something may cut them all', async () => {
    const { socket, session } = await connect()
    socket.open()
    socket.end({ code: 1001, reason: 'going away' })
    expect(session.ends).toMatchObject([
      { error: { message: 'the WebSocket was closed (1001, going away)', retryable: true }, isOpaque: true },
    ])
  })
})

describe('a message that is too large for the server', () => {
  const large: Subscription = { id: '2', kind: 'kv', target: 'b', filters: ['x'.repeat(500)] }

  test('ends the subscription that it was about, and the connection: the others go on with the next', async () => {
    const session = new RecordingSession([{ id: '1', kind: 'kv', target: 'b' }, large])
    const { socket } = await connect({ session })
    socket.open()
    socket.end({ code: 1009, reason: 'Max payload size exceeded' })
    const detail = 'the WebSocket was closed (1009, Max payload size exceeded)'
    expect(session.frames).toEqual([{ type: 'error', sub: '2', code: 'payload_too_large', detail, fields: {} }])
    expect(session.ends).toMatchObject([{ error: { code: 'connection_failed' } }])
  })

  test('ends no subscription where it was a call', async () => {
    const session = new RecordingSession([large])
    const { socket, connection } = await connect({ session })
    socket.open()
    const params = { name: 'x'.repeat(1_000), data: {} }
    connection.send({ type: 'call', id: '1', method: 'config.set', params, requestId: 'r' })
    socket.end({ code: 1009 })
    expect(session.frames).toEqual([])
    expect(session.ends).toHaveLength(1)
  })
})

describe('after close', () => {
  test('nothing is told, and the socket is closed', async () => {
    const { socket, session, connection } = await connect()
    socket.open()
    connection.close()
    expect(socket.isClosed).toBe(true)
    socket.receive({ type: 'synced', cursor: 'e-1-1' })
    socket.end({ code: 1000 })
    await settle()
    expect([session.frames, session.ends]).toEqual([[], []])
  })

  test('no socket is opened, also where the key was just being asked for', async () => {
    let bring: (key: string) => void = () => undefined
    const asked = new Promise<string>((resolve) => {
      bring = resolve
    })
    const serverUrls = ['http://one', 'http://two']
    const { platform, link, session, connection } = await connect({ serverUrls, apiKey: () => asked })
    connection.close()
    bring('ifkey_1')
    await settle()
    expect([platform.sockets, session.ends, session.asked]).toEqual([[], [], 0])
    expect(link.server).toBe('http://one')
  })

  test('a connection that was closed at once was never made', async () => {
    const { link, platform } = wire({ apiKey: 'ifkey_1' })
    const session = new RecordingSession()
    new WebSocketConnection(link, session).close()
    await settle()
    expect([platform.sockets, session.ends]).toEqual([[], []])
  })

  test('a message that closes it is the last one', async () => {
    const { socket, session, connection } = await connect()
    session.onFrame = () => connection.close()
    socket.open()
    socket.receive({ type: 'goodbye', retryAfterMs: 1 })
    socket.receive({ type: 'welcome' })
    expect(session.types).toEqual(['goodbye'])
  })
})
