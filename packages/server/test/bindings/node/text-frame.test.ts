import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { textFrame } from '../../../src/bindings/node/text-frame'

const server = createServer()
const sockets = new WebSocketServer({ noServer: true })
let bytes: Buffer
server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, () => socket.write(bytes))
})

beforeEach(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(() => {
  for (const socket of sockets.clients) socket.terminate()
  server.close()
})

/** What a client reads in a frame. */
async function readBack(frame: Buffer): Promise<string> {
  bytes = frame
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const [data, isBinary] = await once(client, 'message')
  expect(isBinary).toBe(false)
  return String(data)
}

it.each([0, 1, 125, 126, 65_535, 65_536, 200_000])(
  'a frame of %d bytes is read as the text it was made from',
  async (n) => {
    expect(await readBack(textFrame('x'.repeat(n)))).toBe('x'.repeat(n))
  },
)

it('lengths count bytes, not characters', async () => {
  const text = 'ä€😀'.repeat(40)
  expect(await readBack(textFrame(text))).toBe(text)
})
