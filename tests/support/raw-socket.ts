import { once } from 'node:events'
import { request } from 'node:http'
import type { Socket } from 'node:net'

/** A WebSocket of a peer that reads nothing: bytes are left in the kernel's buffers. */
export interface DeafSocket {
  readonly socket: Socket
  /** Sends text messages, all in one write. */
  send(messages: readonly string[]): void
}

/** Opens a WebSocket with a key, and does not read from it. */
export async function openDeafSocket(serverUrl: string, apiKey: string): Promise<DeafSocket> {
  const upgrade = request(`${serverUrl}/api/v1/ws`, {
    headers: {
      authorization: `Bearer ${apiKey}`,
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    },
  })
  upgrade.end()
  const [, socket] = (await once(upgrade, 'upgrade')) as [unknown, Socket]
  socket.pause()
  // A server may cut it.
  socket.on('error', () => undefined)
  return { socket, send: (messages) => void socket.write(Buffer.concat(messages.map(clientFrame))) }
}

/** A short text message of a client: its mask is zero, so the payload is what it was. */
function clientFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  const head = Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 0xff, 0, 0, 0, 0])
  return Buffer.concat([head, payload])
}
