import { request } from 'node:https'
import { afterEach, expect, test } from 'vitest'
import { type Listening, serve } from '../../../src'
import { CERTIFICATE } from '../../support/certificate'
import { ADMIN_KEY, Harness } from '../../support/harness'
import { RawConnection } from './raw-http'

let listening: Listening
const connections: RawConnection[] = []

const start = async (tls?: typeof CERTIFICATE) => {
  listening = await serve(new Harness().server, { port: 0, tls })
}
const connect = () => {
  const connection = new RawConnection(listening.port)
  connections.push(connection)
  return connection
}
const UPGRADE = 'connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n'
const HEAD = `host: localhost\r\nauthorization: Bearer ${ADMIN_KEY}\r\n`
const PATH = '/api/v1/kv/buckets/b/keys/a'

afterEach(async () => {
  for (const connection of connections.splice(0)) connection.end()
  await listening.close()
})

test('a client that would rather speak HTTP/2 is answered all the same, body and following requests too', async () => {
  await start()
  const connection = connect()
  connection.send(`PUT ${PATH} HTTP/1.1\r\n${HEAD}${UPGRADE}content-type: text/plain\r\ncontent-length: 4\r\n\r\nab`)
  connection.send('cd')
  await connection.until('"revision"')
  connection.send(`GET ${PATH} HTTP/1.1\r\n${HEAD}${UPGRADE}\r\n`)
  await connection.until('"value":"abcd"')
  expect(connection.received.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2)
  connection.send(`GET ${PATH} HTTP/1.1\r\n${HEAD}connection: close\r\n\r\n`)
  await connection.closed
  expect(connection.received.match(/"value":"abcd"/g)).toHaveLength(2)
})

test('also over TLS', async () => {
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
