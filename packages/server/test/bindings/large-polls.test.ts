import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Listening, serve } from '../../src/node'
import { ADMIN_KEY, Harness } from '../support/harness'
import { settle } from '../support/recording-sink'

const MB = 1_000_000
const VALUES = 14
const BODY = JSON.stringify({ subscriptions: [{ id: 's', kind: 'kv', target: 'b' }] })

let harness: Harness
let listening: Listening
const sockets: Socket[] = []

beforeEach(async () => {
  // Room for one answer, of which the kernel takes a part.
  harness = new Harness({ limits: { pollAnswerBytes: 16 * MB, pollBytes: 20 * MB } })
  await harness.server.ready
  for (let n = 0; n < VALUES; n++) await harness.put(`b/keys/k${n}`, JSON.stringify(`é${'x'.repeat(900_000)}`))
  listening = await serve(harness.server, { port: 0 })
})

afterEach(async () => {
  vi.useRealTimers()
  for (const socket of sockets.splice(0)) socket.destroy()
  await listening.close(100)
  await harness.engine.close()
  expect(harness.server.core.watching.size).toBe(0)
})

/** A peer that polls and does not read. */
function unreadPoll(): Socket {
  const socket = connect(listening.port, listening.host)
  sockets.push(socket)
  socket.pause()
  socket.on('error', () => undefined)
  const head = `host: localhost\r\nauthorization: Bearer ${ADMIN_KEY}\r\ncontent-type: application/json`
  socket.write(`POST /api/v1/watch HTTP/1.1\r\n${head}\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`)
  return socket
}

const poll = async () => {
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' }
  const response = await fetch(`${listening.url}/api/v1/watch?waitMs=0`, { method: 'POST', headers, body: BODY })
  const json = (await response.json()) as { frames: { type: string }[]; cursors: object; code?: string }
  return { status: response.status, headers: response.headers, json }
}

test('a large answer comes whole, with its length', async () => {
  const { status, headers, json } = await poll()
  expect(status).toBe(200)
  expect(Number(headers.get('content-length'))).toBeGreaterThan(VALUES * 900_000)
  expect(json.frames.map(({ type }) => type)).toEqual([...Array(VALUES).fill('kv_update'), 'synced'])
  expect(json.cursors).toEqual({ s: expect.any(String) })
})

test('many large answers are given one after another', async () => {
  const answers = await Promise.all(Array.from({ length: 6 }, poll))
  expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200))
})

test('the connection of a large answer takes further requests', async () => {
  const socket = unreadPoll()
  socket.resume()
  let text = ''
  socket.on('data', (data) => {
    text = (text + data).slice(-5_000)
  })
  await vi.waitFor(() => expect(text).toContain('"cursors"'), { timeout: 5_000 })
  socket.write('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await vi.waitFor(() => expect(text).toContain('HTTP/1.1 200 OK'), { timeout: 5_000 })
})

test('answers that wait for their peers leave no room for another: 503 after ten seconds, until a peer goes', async () => {
  const peer = unreadPoll()
  // Filled, and not taken: its watch is over.
  await vi.waitFor(() => expect(harness.server.core.watching.size).toBe(1), { interval: 1 })
  await vi.waitFor(() => expect(harness.server.core.watching.size).toBe(0), { timeout: 5_000, interval: 1 })

  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  let refused: Awaited<ReturnType<typeof poll>> | undefined
  const answered = poll().then((answer) => {
    refused = answer
  })
  let waitedMs = 0
  for (; !refused; waitedMs += 100) {
    await settle()
    vi.advanceTimersByTime(100)
  }
  await answered
  vi.useRealTimers()
  expect(refused.status).toBe(503)
  expect(refused.json).toMatchObject({ code: 'unavailable', details: { limit: 'pollBytes' } })
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(waitedMs).toBeGreaterThanOrEqual(10_000)

  const waiting = poll()
  setTimeout(() => peer.destroy(), 100)
  expect((await waiting).status).toBe(200)
})
