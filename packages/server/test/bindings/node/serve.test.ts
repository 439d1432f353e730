import { get } from 'node:https'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Logger, type ServerOptions, silentLogger } from '../../../src'
import { type Listening, serve } from '../../../src/node'
import { CERTIFICATE } from '../../support/certificate'
import { ADMIN_KEY, Harness } from '../../support/harness'
import { RawConnection } from './raw-http'

const AUTH = `authorization: Bearer ${ADMIN_KEY}`
const PUT = (length: number | string, path = '/api/v1/kv/buckets/b/keys/a') =>
  `PUT ${path} HTTP/1.1\r\nhost: localhost\r\n${AUTH}\r\ncontent-type: text/plain\r\ncontent-length: ${length}\r\n\r\n`
const GET = `GET /api/v1/kv/buckets/b/keys/a HTTP/1.1\r\nhost: localhost\r\n${AUTH}\r\n\r\n`

let harness: Harness
let listening: Listening
let connections: RawConnection[]

const start = async (options: Partial<ServerOptions> = {}, tls?: typeof CERTIFICATE) => {
  harness = new Harness(options)
  listening = await serve(harness.server, { port: 0, tls })
}
const connect = () => {
  const connection = new RawConnection(listening.port)
  connections.push(connection)
  return connection
}

beforeEach(() => {
  connections = []
})
afterEach(async () => {
  for (const connection of connections) connection.end()
  await listening.close()
})

test('a body that says it is too large is answered at once, and its connection closed', async () => {
  await start({ limits: { bodyBytes: 100 } })
  const connection = connect()
  connection.send(PUT(1_000_000_000))
  const answer = await connection.until('"limit":"bodyBytes"')
  expect(answer).toMatch(/^HTTP\/1\.1 413 /)
  expect(answer).toMatch(/\r\nconnection: close\r\n/i)
  await connection.closed
})

test('a body that turns out too large is answered before it ends, and its sender reads the answer', async () => {
  await start({ limits: { bodyBytes: 100_000 } })
  const connection = connect()
  connection.send(PUT('x').replace('content-length: x', 'transfer-encoding: chunked'))
  const chunk = Buffer.from(`10000\r\n${'x'.repeat(65_536)}\r\n`)
  for (let sent = 0; sent < 8; sent++) connection.send(chunk)
  expect(await connection.until('"limit":"bodyBytes"')).toMatch(/^HTTP\/1\.1 413 /)
  connection.send('0\r\n\r\n')
  await connection.closed
})

test('a client that sends its whole body before it reads gets to read the answer', async () => {
  await start()
  const connection = connect()
  await connection.sendUnread(PUT(32 * 1024 * 1024), Buffer.alloc(32 * 1024 * 1024))
  expect(await connection.until('"limit":"bodyBytes"')).toMatch(/^HTTP\/1\.1 413 /)
})

test('a refused request whose body is small leaves its connection usable', async () => {
  await start()
  const connection = connect()
  connection.send(`${PUT(4, '/nowhere')}abcd${GET}`)
  const answer = await connection.until('"code":"not_found","error":"there is no key ')
  expect(answer).toMatch(/^HTTP\/1\.1 404 [\s\S]*HTTP\/1\.1 404 /)
})

test('a client that asks whether to go on is told to, or refused', async () => {
  await start({ limits: { bodyBytes: 100 } })
  const small = connect()
  small.send(PUT(4).replace('\r\n\r\n', '\r\nexpect: 100-continue\r\n\r\n'))
  await small.until('HTTP/1.1 100 Continue')
  small.send('abcd')
  await small.until('HTTP/1.1 200 OK')
  const large = connect()
  large.send(PUT(1_000).replace('\r\n\r\n', '\r\nexpect: 100-continue\r\n\r\n'))
  expect(await large.until('"limit":"bodyBytes"')).not.toContain('100 Continue')
})

test.each([
  ['headers beyond the limit', `GET / HTTP/1.1\r\nx-big: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
  ['what is no HTTP', 'nonsense\r\n\r\n', 400, 'invalid_request'],
  ['a header name that is none', 'GET / HTTP/1.1\r\nhost: a\r\nb d: c\r\n\r\n', 400, 'invalid_request'],
  ['two lengths', `${PUT('1\r\ncontent-length: 2')}ab`, 400, 'invalid_request'],
  ['a length beside chunks', PUT('4\r\ntransfer-encoding: chunked'), 400, 'invalid_request'],
])('%s is a problem, and the end of the connection', async (_, text, status, code) => {
  await start()
  const connection = connect()
  connection.send(text)
  await connection.closed
  expect(connection.received).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect(JSON.parse(connection.received.split('\r\n\r\n')[1] ?? '')).toMatchObject({ status, code })
})

test('a target that no URL parser has tidied up is refused as it is', async () => {
  await start()
  const connection = connect()
  connection.send(GET.replace('keys/a', 'keys/../../secrets/keys/a'))
  expect(await connection.until('no . or .. segments')).toMatch(/^HTTP\/1\.1 400 /)
})

test('an answer to HEAD has the length and not the body', async () => {
  await start()
  await harness.put('b/keys/a', '"text"')
  const url = `${listening.url}/api/v1/kv/buckets/b/keys/a`
  const headers = { authorization: `Bearer ${ADMIN_KEY}` }
  const get = await fetch(url, { headers })
  const head = await fetch(url, { method: 'HEAD', headers })
  expect(head.headers.get('content-length')).toBe(String((await get.text()).length))
  expect(await head.text()).toBe('')
})

describe('a key over plain HTTP', () => {
  test('from this machine is nothing to warn about', async () => {
    const warnings: object[] = []
    const logger: Logger = { ...silentLogger, warn: (fields) => void warnings.push(fields) }
    await start({ logger })
    const connection = connect()
    connection.send(GET)
    await connection.until('HTTP/1.1 404')
    expect(warnings).toEqual([])
  })
})

describe('stopping', () => {
  test.each(['read from the store', 'kept from an earlier read'])(
    'lets a peer read a large answer to its end (%s)',
    async (which) => {
      // More than the kernel's buffers take.
      const length = 16_000_000
      await start({ limits: { bodyBytes: length, maxValueSize: length } })
      const text = { 'content-type': 'text/plain' }
      expect((await harness.put('b/keys/a', 'x'.repeat(length), { headers: text })).status).toBe(200)
      if (which !== 'read from the store') {
        const headers = { authorization: `Bearer ${ADMIN_KEY}` }
        await (await fetch(`${listening.url}/api/v1/kv/buckets/b/keys/a`, { headers })).text()
      }
      const slow = connect()
      slow.send(GET)
      await slow.until('HTTP/1.1 200')
      slow.pause()
      const stopped = listening.close()
      slow.resume()
      await slow.closed
      expect(slow.received.length).toBeGreaterThan(length)
      await stopped
    },
  )

  test('lets a request finish whose body is still coming, and closes those who wait', async () => {
    await start()
    const [busy, idle, silent] = [connect(), connect(), connect()]
    idle.send(GET)
    await idle.until('HTTP/1.1 404')
    busy.send(`${PUT(4)}ab`)
    await new Promise((resolve) => setTimeout(resolve, 50))
    const stopped = listening.close()
    await Promise.all([idle.closed, silent.closed])
    await expect(fetch(listening.url)).rejects.toThrow()
    busy.send('cd')
    expect(await busy.until('"revision"')).toMatch(/connection: close/i)
    await busy.closed
    await stopped
    expect((await harness.get('b/keys/a')).json.value).toBe('abcd')
  })

  test('cuts what takes longer than it was given', async () => {
    await start()
    const busy = connect()
    busy.send(`${PUT(4)}ab`)
    await new Promise((resolve) => setTimeout(resolve, 50))
    const began = Date.now()
    await listening.close(100)
    await busy.closed
    expect(Date.now() - began).toBeLessThan(2_000)
  })
})

test('a client that sends its request too slowly is told so and left', async () => {
  await start({ limits: { headersTimeoutMs: 100, requestTimeoutMs: 200 } })
  const [headers, body] = [connect(), connect()]
  headers.send('GET / HTTP/1.1\r\nhost: a\r\nx-slow: ')
  body.send(`${PUT(4)}a`)
  await Promise.all([headers.closed, body.closed])
  for (const { received } of [headers, body]) {
    expect(received).toMatch(/^HTTP\/1\.1 408 /)
    expect(received).toContain('"code":"timeout"')
  }
})

describe('with TLS', () => {
  const overTls = () =>
    new Promise<number | undefined>((resolve, reject) => {
      // The certificate is as old as this test: some clock may find it too young.
      const options = { rejectUnauthorized: false, headers: { authorization: `Bearer ${ADMIN_KEY}` } }
      const sent = get(`${listening.url}/api/v1/config`, options, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      sent.on('error', reject)
    })

  test('requests are answered', async () => {
    await start({}, CERTIFICATE)
    expect(listening.url).toMatch(/^https:/)
    expect(await overTls()).toBe(200)
  })

  test('a connection that never began its handshake does not hold up the stop', async () => {
    await start({}, CERTIFICATE)
    const mute = connect()
    await overTls()
    const began = Date.now()
    await listening.close(200)
    await mute.closed
    expect(Date.now() - began).toBeLessThan(2_000)
  })
})

test('a server without authentication listens to this machine only', async () => {
  await start()
  for (const host of ['0.0.0.0', '::', '192.168.0.7', 'ironflow.example.com']) {
    await expect(serve(new Harness({ auth: 'none' }).server, { port: 0, host })).rejects.toThrow(/host/)
  }
  const dev = await serve(new Harness({ auth: 'none' }).server, { port: 0, host: '::1' })
  expect(dev.url).toMatch(/^http:\/\/\[::1\]:\d+$/)
  expect((await fetch(`${dev.url}/api/v1/config`)).status).toBe(200)
  await dev.close()
})

test('a port that is taken is an error', async () => {
  await start()
  await expect(serve(new Harness().server, { port: listening.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
})

test('a server whose first key cannot be made does not listen', async () => {
  await start()
  const failing = new Harness({
    bootstrapKey: undefined,
    onBootstrapKey: () => {
      throw new Error('disk full')
    },
  })
  await expect(serve(failing.server, { port: 0 })).rejects.toThrow('disk full')
})
