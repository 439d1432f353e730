import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ServerProcess, startServer } from '../../scripts/server-process.mjs'
import { healthDuring } from '../support/event-loop'

let server: ServerProcess

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const UPGRADE = 'connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n'

/** Sends a request many times over one connection, as fast as the server takes them, and reads as many responses. */
function flood(request: string, count: number): Promise<void> {
  const { hostname, port } = new URL(server.url)
  const socket: Socket = connect(Number(port), hostname)
  const batch = request.repeat(1_000)
  let sent = 0
  let answered = 0
  const send = () => {
    while (sent < count) {
      sent += 1_000
      if (!socket.write(batch)) return
    }
  }
  return new Promise((resolve, reject) => {
    let tail = ''
    socket.setEncoding('latin1')
    socket.on('connect', send)
    socket.on('drain', send)
    socket.on('data', (text: string) => {
      const parts = (tail + text).split('HTTP/1.1 200')
      answered += parts.length - 1
      tail = (parts.at(-1) as string).slice(-11)
      if (answered === count) socket.destroy()
    })
    socket.on('error', reject)
    socket.on('close', () => {
      if (answered === count) resolve()
      else reject(new Error(`${answered} of ${count} requests were answered`))
    })
  })
}

function residentBytes(): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) * 1_024
}

describe.each([
  ['ask for an upgrade to HTTP/2', UPGRADE],
  ['ask for nothing special', ''],
])('100,000 pipelined requests that %s', (_, headers) => {
  test('are all answered, hold up no other request, and leave nothing behind', async () => {
    const request = `GET /health HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n`
    await flood(request, 30_000)
    const before = residentBytes()
    const health = await healthDuring(server.url, () => flood(request, 100_000))
    expect(health.p99).toBeLessThan(50)
    expect(health.max).toBeLessThan(1_000)
    expect(residentBytes() - before).toBeLessThan(30_000_000)
  })
})
