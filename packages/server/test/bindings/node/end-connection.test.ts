import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ServerOptions } from '../../../src'
import { type Listening, serve } from '../../../src/node'
import { CERTIFICATE } from '../../support/certificate'
import { ADMIN_KEY, Harness } from '../../support/harness'
import { RawConnection } from './raw-http'

let harness: Harness
let listening: Listening
let connections: RawConnection[]
/** The server's ends of all connections. */
let sockets: Socket[]
const onConnection = (message: unknown) => void sockets.push((message as { socket: Socket }).socket)

const start = async (options: Partial<ServerOptions> = {}, tls?: typeof CERTIFICATE) => {
  harness = new Harness(options)
  listening = await serve(harness.server, { port: 0, tls })
}
/** A connection that stays open on its side when the server ends it. */
const connect = (tls = false) => {
  const connection = new RawConnection(listening.port, { tls, allowHalfOpen: true })
  connections.push(connection)
  return connection
}

beforeEach(() => {
  connections = []
  sockets = []
  subscribe('net.server.socket', onConnection)
})
afterEach(async () => {
  unsubscribe('net.server.socket', onConnection)
  for (const connection of connections) connection.end()
  await listening.close()
})

const UPGRADE = 'GET /api/v1/ws HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n'
const POST = `POST /api/v1/config/limits HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${ADMIN_KEY}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n`
const WATCH = `GET /api/v1/config/limits/watch HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${ADMIN_KEY}\r\n\r\n`

test.each([
  ['a refused upgrade', `${UPGRADE}\r\n`, 401],
  ['what is no HTTP', 'nonsense\r\n\r\n', 400],
  ['headers beyond the limit', `GET / HTTP/1.1\r\nx: ${'x'.repeat(20_000)}`, 431],
  ['headers that come too slowly', 'GET / HTTP/1.1\r\nhost: a', 408],
  ['a body that comes too slowly', `${POST}x`, 408],
])('the descriptor of %s is freed although the peer keeps its half open', async (_, text, status) => {
  await start({ limits: { headersTimeoutMs: 200, requestTimeoutMs: 200 } })
  const connection = connect()
  connection.send(text)
  await connection.until(`HTTP/1.1 ${status} `)
  await vi.waitUntil(() => sockets[0]?.destroyed, { timeout: 4_000 })
})

test('the descriptor of a refused upgrade over TLS is freed, too', async () => {
  await start({}, CERTIFICATE)
  const connection = connect(true)
  connection.send(`${UPGRADE}\r\n`)
  await connection.until('HTTP/1.1 401 ')
  await vi.waitUntil(() => sockets[0]?.destroyed, { timeout: 4_000 })
})

test.each([
  ['a refused upgrade', `${UPGRADE}\r\n`, 401],
  ['headers beyond the limit', 'GET / HTTP/1.1\r\nx: ', 431],
])('the sender of %s gets to read the answer after much that it sent unread', async (_, text, status) => {
  await start()
  const connection = connect()
  await connection.sendUnread(text, Buffer.alloc(8 * 1024 * 1024, 'x'))
  await connection.until(`HTTP/1.1 ${status} `)
})

test.each([
  ['nonsense', 'nonsense\r\n\r\n'],
  ['half a request', 'GET / HTTP/1.1\r\nhost: a'],
])('%s behind an event stream ends the stream without a word in it', async (_, text) => {
  await start({ limits: { headersTimeoutMs: 200, requestTimeoutMs: 200 } })
  const connection = connect()
  connection.send(WATCH.replace('\r\n\r\n', '\r\naccept: text/event-stream\r\n\r\n'))
  await connection.until('synced')
  connection.send(text)
  await vi.waitUntil(() => sockets[0]?.destroyed, { timeout: 4_000 })
  expect(connection.received.match(/HTTP\/1\.1/g)).toHaveLength(1)
})

test('a request whose rest never comes after its response gets no second one', async () => {
  await start({ limits: { headersTimeoutMs: 200, requestTimeoutMs: 200 } })
  const connection = connect()
  connection.send(POST.replace('/api/v1/config/limits', '/nowhere'))
  await connection.until('HTTP/1.1 404 ')
  await vi.waitUntil(() => sockets[0]?.destroyed, { timeout: 4_000 })
  expect(connection.received.match(/HTTP\/1\.1/g)).toHaveLength(1)
})

test('nonsense behind a request leaves the request its response', async () => {
  await start()
  const connection = connect()
  const body = '{"seats":1}'
  connection.send(`${POST.replace('length: 100', `length: ${body.length}`)}${body}nonsense\r\n\r\nmore nonsense`)
  await vi.waitUntil(() => sockets[0]?.destroyed, { timeout: 4_000 })
  expect(connection.received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400'])
})
