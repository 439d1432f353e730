import { afterEach, describe, expect, test, vi } from 'vitest'
import { type ServerOptions, silentLogger } from '../../../src'
import { type Listening, serve } from '../../../src/node'
import { ADMIN_KEY, Harness } from '../../support/harness'
import { RawConnection } from './raw-http'

let harness: Harness
let listening: Listening
const connections: RawConnection[] = []

const start = async (options: Partial<ServerOptions> = {}) => {
  harness = new Harness(options)
  listening = await serve(harness.server, { port: 0 })
}
const connect = () => {
  const connection = new RawConnection(listening.port)
  connections.push(connection)
  return connection
}
/** Sends one request, and returns the status and what else came. */
const exchange = async (text: string) => {
  const connection = connect()
  connection.send(text)
  const received = await connection.until('}')
  return { status: Number(received.slice(9, 12)), received }
}
const AUTH = `authorization: Bearer ${ADMIN_KEY}\r\n`
const PATH = '/api/v1/kv/buckets/b/keys/a'

afterEach(async () => {
  for (const connection of connections.splice(0)) connection.end()
  await listening.close()
})

describe('the host of a request', () => {
  const get = (host: string, target = PATH) => `GET ${target} HTTP/1.1\r\n${AUTH}${host}\r\n\r\n`

  test.each([
    ['two of them', 'host: localhost\r\nhost: example.com'],
    ['twice the same', 'host: localhost\r\nhost: localhost'],
    ['a list', 'host: localhost, example.com'],
    ['a path', 'host: localhost/a'],
    ['credentials', 'host: me@localhost'],
    ['white space', 'host: local host'],
  ])('is refused with 400 where there is %s', async (_, host) => {
    await start()
    await harness.put('b/keys/a', '"text"')
    expect((await exchange(get('host: localhost'))).status).toBe(200)
    const { status, received } = await exchange(get(host))
    expect(status).toBe(400)
    expect(received).toContain('"fields":{"host":')
  })

  test.each(['localhost', 'localhost:9123', '[::1]:9123', 'ironflow.example.com', '127.0.0.1', ''])(
    'may be %j',
    async (host) => {
      await start()
      await harness.put('b/keys/a', '"text"')
      expect((await exchange(get(`host: ${host}`))).status).toBe(200)
    },
  )

  test('of a WebSocket is looked at, too', async () => {
    await start()
    const upgrade = 'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n'
    const key = 'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'
    const hosts = 'host: localhost\r\nhost: example.com'
    const { status, received } = await exchange(get(`${upgrade}${key}${hosts}`, '/api/v1/ws'))
    expect(status).toBe(400)
    expect(received).toContain('"fields":{"host":')
  })

  test('in dev mode is the one of an absolute target', async () => {
    await start({ auth: 'none' })
    await harness.put('b/keys/a', '"text"')
    const dev = (host: string, target: string) => `GET ${target} HTTP/1.1\r\nhost: ${host}\r\n\r\n`
    for (let round = 0; round < 3; round++) {
      expect((await exchange(dev('localhost', `http://evil.example${PATH}`))).status).toBe(403)
      expect((await exchange(dev('localhost', `http://me@localhost${PATH}`))).status).toBe(403)
      expect((await exchange(dev('evil.example', `http://localhost:9123${PATH}`))).status).toBe(200)
      expect((await exchange(dev('localhost', `http://localhost${PATH}`))).status).toBe(200)
      expect((await exchange(dev('evil.example', PATH))).status).toBe(403)
    }
  })
})

test.each(['gzip, chunked', 'deflate,chunked', 'chunked, chunked', 'identity, chunked'])(
  'a body with the transfer coding %s is refused, and not stored',
  async (coding) => {
    await start()
    const body = '4\r\nabcd\r\n0\r\n\r\n'
    const head = `PUT ${PATH} HTTP/1.1\r\nhost: localhost\r\n${AUTH}content-type: text/plain\r\n`
    const { status } = await exchange(`${head}transfer-encoding: ${coding}\r\n\r\n${body}`)
    expect(status).toBe(400)
    expect((await harness.get('b/keys/a')).status).toBe(404)
    expect((await exchange(`${head}transfer-encoding: chunked\r\n\r\n${body}`)).status).toBe(200)
    expect((await exchange(`${head}transfer-encoding: Chunked\r\n\r\n${body}`)).status).toBe(200)
  },
)

describe('a body that waits to be asked for', () => {
  const put = (auth: string, length = 4) =>
    `PUT ${PATH} HTTP/1.1\r\nhost: localhost\r\n${auth}content-type: text/plain\r\nexpect: 100-continue\r\n` +
    `content-length: ${length}\r\n\r\n`

  test('is asked for where it is read', async () => {
    await start()
    const connection = connect()
    connection.send(put(AUTH))
    expect(await connection.until('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    connection.send('abcd')
    await connection.until('HTTP/1.1 200')
    expect((await harness.get('b/keys/a')).json.value).toBe('abcd')
  })

  test.each([
    ['a key', put(''), 401],
    ['room for it', put(AUTH, 99_999_999), 413],
  ])('is not asked for without %s, and the connection ends', async (_, head, status) => {
    await start()
    const connection = connect()
    connection.send(head)
    await connection.closed
    expect(connection.received.match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`])
  })
})

test('an upload whose sender goes away is no failure of the server', async () => {
  const errors: object[] = []
  await start({ logger: { ...silentLogger, error: (fields) => void errors.push(fields) } })
  const connection = connect()
  connection.send(
    `PUT ${PATH} HTTP/1.1\r\nhost: localhost\r\n${AUTH}content-type: text/plain\r\ncontent-length: 9\r\n\r\nab`,
  )
  // Another connection's request is read after what came before it.
  await exchange(`GET ${PATH} HTTP/1.1\r\nhost: localhost\r\n${AUTH}\r\n`)
  connection.end()
  const codes = () => [...harness.server.core.observer.stats.entries()].map(({ method, code }) => `${method} ${code}`)
  await vi.waitUntil(() => codes().some((each) => each.startsWith('kv.put')))
  expect(codes()).toContain('kv.put aborted')
  expect(errors).toEqual([])
})
