import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ServerProcess, startServer } from '../../scripts/server-process.mjs'
import { healthDuring } from '../support/event-loop'

const PEERS = 100
let server: ServerProcess
const sockets: Socket[] = []

beforeAll(async () => {
  server = await startServer({ env: { NODE_OPTIONS: '--max-old-space-size=256' } })
})
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  await server?.stop()
})

const request = (path: string, init: RequestInit = {}) =>
  fetch(`${server.url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${server.apiKey}`, 'content-type': 'text/plain' },
  })

/** A peer that sends requests and reads none of the responses. */
function unreadingPeer(requests: string): Promise<void> {
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  sockets.push(socket)
  socket.pause()
  socket.on('error', () => undefined)
  return new Promise((resolve) => socket.once('connect', () => resolve(void socket.write(requests))))
}

test.each([
  ['pages of a list, of 4 MB each', '/api/v1/kv/buckets/b/keys?values=true'],
  ['one value of 1 MB from memory', '/api/v1/kv/buckets/b/keys/1'],
])('100 peers that ask 400 times and never read leave the server up: %s', async (_, path) => {
  for (let key = 0; key < 5; key++) {
    const put = await request(`/api/v1/kv/buckets/b/keys/${key}`, { method: 'PUT', body: 'x'.repeat(990_000) })
    expect(put.status).toBe(200)
  }
  const get = `GET ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${server.apiKey}\r\n\r\n`
  const health = await healthDuring(server.url, async () => {
    await Promise.all(Array.from({ length: PEERS }, () => unreadingPeer(get.repeat(400))))
    await sleep(10_000)
  })
  expect((await request(path)).status).toBe(200)
  expect(health.count).toBeGreaterThan(20)
  expect(health.max).toBeLessThan(5_000)
  for (const socket of sockets.splice(0)) socket.destroy()
})
