import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, type IronflowClient } from '@ironflow/node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ServerProcess, startServer } from '../../scripts/server-process.mjs'
import { healthDuring } from '../support/event-loop'
import { openDeafSocket } from '../support/raw-socket'

const VALUE = 'x'.repeat(990_000)
/** How long peers leave unread what they asked for, in milliseconds. */
const OBSERVED_MS = 6_000

let server: ServerProcess
let client: IronflowClient
const sockets: Socket[] = []

beforeEach(async () => {
  server = await startServer({ env: { NODE_OPTIONS: '--max-old-space-size=256' } })
  client = createClient({ serverUrl: server.url, apiKey: server.apiKey })
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await client?.close()
  await server?.stop()
})

const fill = async (count: number) => {
  for (let n = 0; n < count; n++) await client.kv().bucket('b').put(`k${n}`, VALUE)
}
const subscriptions = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ id: `s${n}`, kind: 'kv', target: 'b' }))

/** A peer that asks for a session, and does not read. */
async function unreadSession(accept: string, count: number): Promise<Socket> {
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  sockets.push(socket)
  socket.pause()
  socket.on('error', () => undefined)
  const body = JSON.stringify({ subscriptions: subscriptions(count) })
  const head = `host: localhost\r\nauthorization: Bearer ${server.apiKey}\r\naccept: ${accept}`
  const type = `content-type: application/json\r\ncontent-length: ${body.length}`
  socket.write(`POST /api/v1/watch HTTP/1.1\r\n${head}\r\n${type}\r\n\r\n${body}`)
  return socket
}

/** A WebSocket that sends these messages, and does not read. */
async function unreadSocket(messages: readonly object[]): Promise<Socket> {
  const { socket, send } = await openDeafSocket(server.url, server.apiKey as string)
  sockets.push(socket)
  send(messages.map((message) => JSON.stringify(message)))
  return socket
}

/** Expects the server to be up and quick during and after some work. */
async function expectServed(work: () => Promise<unknown>): Promise<void> {
  const health = await healthDuring(server.url, async () => {
    await work()
    await sleep(OBSERVED_MS)
  })
  process.stderr.write(`/health ${JSON.stringify(health)}\n`)
  expect(await Promise.race([server.exited, 'up'])).toBe('up')
  expect(health.p99).toBeLessThan(200)
  await client.kv().bucket('other').put('k', 1)
}

test.each([256, 1_000])('a WebSocket with %i subscriptions that is never read', async (count) => {
  await fill(4)
  await expectServed(() => unreadSocket(subscriptions(count).map((each) => ({ type: 'subscribe', ...each }))))
})

test('an event stream with 1,000 subscriptions that is never read', async () => {
  await fill(4)
  await expectServed(() => unreadSession('text/event-stream', 1_000))
})

test('100 event streams with three subscriptions each that are never read', async () => {
  await fill(4)
  await expectServed(() => Promise.all(Array.from({ length: 100 }, () => unreadSession('text/event-stream', 3))))
})

test.each([8, 100])('%i long polls of 30 MB that are never read', async (count) => {
  await fill(30)
  await expectServed(() => Promise.all(Array.from({ length: count }, () => unreadSession('application/json', 1))))
})

test('an event stream with 200 subscriptions that is read a little', async () => {
  await fill(3)
  await expectServed(async () => {
    const socket = await unreadSession('text/event-stream', 200)
    await sleep(1_000)
    let got = 0
    socket.on('data', (data) => {
      got += data.length
      if (got > 1_000_000) socket.pause()
    })
  })
})

test('a change to each key that an unread WebSocket has a subscription for', async () => {
  const count = 170
  await fill(3)
  await client.kv().bucket('live').put('other', 1)
  const live = subscriptions(count).map((each, n) => {
    return { type: 'subscribe', ...each, target: 'live', filters: [`k${n}`], updatesOnly: true }
  })
  await expectServed(async () => {
    await unreadSocket([...live, ...subscriptions(1).map((each) => ({ type: 'subscribe', ...each, id: 'fill' }))])
    await sleep(2_000)
    for (let n = 0; n < count; n++) await client.kv().bucket('live').put(`k${n}`, VALUE)
  })
})

test('20 WebSockets that never read values which JSON makes six times as long', async () => {
  await client.kv().bucket('b').put('c', '\u0001'.repeat(990_000))
  const calls = Array.from({ length: 256 }, (_, n) => {
    return { type: 'call', id: `${n}`, method: 'kv.get', requestId: 'r', params: { bucket: 'b', key: 'c' } }
  })
  await expectServed(() => Promise.all(Array.from({ length: 20 }, () => unreadSocket(calls))))
})
