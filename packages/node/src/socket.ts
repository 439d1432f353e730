import type { IncomingMessage } from 'node:http'
import type { Socket as NetSocket } from 'node:net'
import type { Socket, SocketEnd, SocketEvents } from '@ironflow/core/runtime'
import WebSocket from 'ws'
import type { Network } from './network'
import { openTunnel, tunnelTarget } from './tunnel'

/** Most bytes that are read of a response in place of a WebSocket: it makes one error. */
const MAX_RESPONSE_BYTES = 64 * 1024

/** Opens a WebSocket: Node.js has none of its own before version 22, and none that says why it did not open. */
export function openSocket(
  { proxy, tls }: Network,
  url: string,
  protocols: readonly string[],
  headers: Readonly<Record<string, string>>,
  events: SocketEvents,
): Socket {
  const controller = new AbortController()
  const { signal } = controller
  let socket: WebSocket | undefined
  let error: unknown
  const close = () => {
    controller.abort()
    socket?.terminate()
  }
  const end = (how: SocketEnd) => {
    if (signal.aborted) return
    controller.abort()
    events.closed(how)
  }
  /** @param stream a connection to the server, if there is one already */
  const open = (stream?: NetSocket) => {
    const connection = stream && { createConnection: () => stream }
    const opening = new WebSocket(url, [...protocols], { ...tls, ...connection, headers, perMessageDeflate: false })
    opening.on('open', () => signal.aborted || events.opened())
    opening.on('message', (data, isBinary) => {
      if (!signal.aborted && !isBinary) events.message(String(data))
    })
    // Reported with the close that follows; one that comes after we have ended it is dropped.
    opening.on('error', (thrown) => {
      error = thrown
    })
    opening.on('close', (code, reason) => end({ error, code, reason: String(reason) }))
    opening.on('unexpected-response', (_, response) => {
      readResponse(response, (text) => {
        const header = (name: string) => response.headers[name.toLowerCase()]?.toString() ?? null
        end({ response: { status: response.statusCode ?? 0, headers: { get: header }, text } })
        close()
      })
    })
    socket = opening
  }
  if (proxy) openTunnel(tunnelTarget(url), proxy, tls, signal).then(open, (thrown: unknown) => end({ error: thrown }))
  else open()
  return { send: (text) => socket?.send(text, () => undefined), close }
}

/** Reads what there is of a response, until its end, its failure, or {@link MAX_RESPONSE_BYTES}. */
function readResponse(response: IncomingMessage, done: (text: string) => void): void {
  const chunks: Buffer[] = []
  let bytes = 0
  const finish = () => done(Buffer.concat(chunks).toString())
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes >= MAX_RESPONSE_BYTES) response.destroy()
  })
  response.once('close', finish)
}
