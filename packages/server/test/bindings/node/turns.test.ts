import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { request } from 'node:https'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Listening, serve } from '../../../src/node'
import { CERTIFICATE } from '../../support/certificate'
import { ADMIN_KEY, Harness } from '../../support/harness'
import { RawConnection } from './raw-http'

let harness: Harness
let listening: Listening
const connections: RawConnection[] = []
/** The sockets of all requests that Node handed over, in their order. */
let begun: Socket[] = []
const onStart = (message: unknown) => void begun.push((message as { socket: Socket }).socket)

const start = async (tls?: typeof CERTIFICATE) => {
  harness = new Harness()
  listening = await serve(harness.server, { port: 0, tls })
}
/** Holds the next put up, until it is called. */
const holdPut = () => {
  const put = harness.engine.put.bind(harness.engine)
  return new Promise<() => void>((held) => {
    vi.spyOn(harness.engine, 'put').mockImplementationOnce(async (...args) => {
      await new Promise<void>((release) => held(release))
      return put(...args)
    })
  })
}
const connect = () => {
  const connection = new RawConnection(listening.port)
  connections.push(connection)
  return connection
}
const UPGRADE = 'connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n'
const HEAD = `host: localhost\r\nauthorization: Bearer ${ADMIN_KEY}\r\n`
const PATH = '/api/v1/kv/buckets/b/keys/a'
const TEXT = 'content-type: text/plain\r\ncontent-length: 4\r\n\r\n'
const GET_CONFIG = `GET /api/v1/config HTTP/1.1\r\n${HEAD}`
const LAST = `GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`
const PUT = `PUT ${PATH} HTTP/1.1\r\n${HEAD}content-type: text/plain\r\ncontent-length: 4\r\n\r\nabcd`
const statuses = ({ received }: RawConnection) =>
  received.match(/HTTP\/1\.1 \d+/g)?.map((line) => Number(line.slice(9)))

beforeEach(() => {
  begun = []
  subscribe('http.server.request.start', onStart)
})
afterEach(async () => {
  unsubscribe('http.server.request.start', onStart)
  for (const connection of connections.splice(0)) connection.end()
  await listening.close()
})

describe('a request for an upgrade to another protocol than WebSocket', () => {
  test('is answered as if it had not asked, body and following requests too', async () => {
    await start()
    const connection = connect()
    connection.send(`PUT ${PATH} HTTP/1.1\r\n${HEAD}${UPGRADE}content-type: text/plain\r\ncontent-length: 4\r\n\r\nab`)
    connection.send('cd')
    await connection.until('"revision"')
    connection.send(`GET ${PATH} HTTP/1.1\r\n${HEAD}${UPGRADE}\r\n`)
    await connection.until('"value":"abcd"')
    expect(statuses(connection)).toEqual([200, 200])
    connection.send(`GET ${PATH} HTTP/1.1\r\n${HEAD}connection: close\r\n\r\n`)
    await connection.closed
    expect(connection.received.match(/"value":"abcd"/g)).toHaveLength(2)
  })

  test('is answered over TLS', async () => {
    await start(CERTIFICATE)
    const status = await new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${ADMIN_KEY}`, connection: 'Upgrade', upgrade: 'foo/2' }
      const sent = request(`${listening.url}/api/v1/config`, { rejectUnauthorized: false, headers, agent: false })
      sent.on('response', (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      sent.on('error', reject)
      sent.end()
    })
    expect(status).toBe(200)
  })

  test('is answered in its turn when it is pipelined, with its body', async () => {
    await start()
    const connection = connect()
    const put = (more: string) => `PUT ${PATH} HTTP/1.1\r\n${HEAD}${more}${TEXT}`
    connection.send(`${GET_CONFIG}\r\n${GET_CONFIG}${UPGRADE}\r\n${put(UPGRADE)}abcd${GET_CONFIG}\r\n`)
    connection.send(`${put('')}efgh${GET_CONFIG}${UPGRADE}\r\n${LAST}`)
    await connection.closed
    expect(statuses(connection)).toEqual([200, 200, 200, 200, 200, 200, 200])
  })

  test('keeps what else it says about its connection', async () => {
    await start()
    const connection = connect()
    connection.send(`${GET_CONFIG}${UPGRADE.replace('Upgrade,', 'Upgrade, close,')}\r\n`)
    await connection.closed
    expect(connection.received).toMatch(/\r\nconnection: close\r\n/i)
  })

  test('leaves no listener on its socket, however often a connection asks', async () => {
    await start()
    const connection = connect()
    connection.send(`${GET_CONFIG}${UPGRADE}\r\n`.repeat(100))
    connection.send(LAST)
    await connection.closed
    expect(begun).toHaveLength(101)
    const [socket] = begun
    for (const event of ['close', 'error', 'drain', 'end', 'timeout', 'data']) {
      expect(socket?.listenerCount(event), event).toBeLessThanOrEqual(4)
    }
  })
})

describe('pipelined requests', () => {
  test('are begun one after another, each when the response before it is finished', async () => {
    await start()
    const connection = connect()
    const held = holdPut()
    connection.send(PUT + `${GET_CONFIG}\r\n`.repeat(100))
    const release = await held
    await turns(100)
    expect(begun).toHaveLength(1)
    release()
    connection.send(LAST)
    await connection.closed
    expect(statuses(connection)).toHaveLength(102)
  })

  test('are all answered when their responses are larger than the buffers on the way', async () => {
    await start()
    await harness.put('b/keys/a', JSON.stringify('x'.repeat(900_000)))
    const connection = connect()
    connection.send(`GET ${PATH} HTTP/1.1\r\n${HEAD}\r\n`.repeat(20))
    connection.send(LAST)
    await connection.closed
    expect(statuses(connection)).toHaveLength(21)
  })

  test('are read no further than a buffer while they wait', async () => {
    await start()
    const connection = connect()
    const held = holdPut()
    connection.send(PUT)
    const release = await held
    const sent = connection.sendUnread(`${GET_CONFIG}\r\n`.repeat(200_000)).catch(() => undefined)
    await Promise.race([sent, turns(1_000)])
    expect(begun).toHaveLength(1)
    expect(begun[0]?.readableLength).toBeLessThan(300_000)
    connection.end()
    release()
    await sent
  })

  test('are answered before a CONNECT behind them is refused', async () => {
    await start()
    const connection = connect()
    connection.send(`${GET_CONFIG}\r\nCONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n${LAST}`)
    await connection.closed
    expect(statuses(connection)).toEqual([200, 400])
  })

  test('are dropped with their connection', async () => {
    await start()
    const connection = connect()
    const held = holdPut()
    connection.send(`${PUT}${GET_CONFIG}\r\n`)
    const release = await held
    connection.reset()
    while (!begun[0]?.closed) await turn()
    release()
    await turns(10)
    expect(begun).toHaveLength(1)
  })
})

test('an event stream goes on when its peer reads again, also with a request behind it', async () => {
  await start()
  const connection = connect()
  const watch = 'GET /api/v1/kv/buckets/b/watch HTTP/1.1\r\naccept: text/event-stream\r\n'
  connection.send(`${watch}${HEAD}\r\n${GET_CONFIG}\r\n`)
  await connection.until('synced')
  connection.pause()
  for (let key = 0; key < 12; key++) await harness.put(`b/keys/${key}`, JSON.stringify('x'.repeat(900_000)))
  await harness.put('b/keys/last', '1')
  connection.resume()
  await connection.until('"key":"last"')
})

test('a WebSocket that is asked for behind a request comes after its answer', async () => {
  await start()
  const connection = connect()
  const key = 'sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'
  const upgrade = `GET /api/v1/ws HTTP/1.1\r\n${HEAD}connection: Upgrade\r\nupgrade: websocket\r\n${key}\r\n`
  connection.send(`${GET_CONFIG}\r\n${upgrade}`)
  await connection.until('welcome')
  expect(statuses(connection)).toEqual([200, 101])
})

async function turns(count: number): Promise<void> {
  for (let done = 0; done < count; done++) await turn()
}
