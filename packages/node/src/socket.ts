import type { IncomingMessage } from 'node:http'
import type { Socket, SocketEnd, SocketEvents } from '@ironflow/core/runtime'
import WebSocket from 'ws'

/** Most bytes that are read of a response in place of a WebSocket: it makes one error. */
const MAX_RESPONSE_BYTES = 64 * 1024

/** Opens a WebSocket: Node.js has none of its own before version 22, and none that says why it did not open. */
export function openSocket(
  url: string,
  protocols: readonly string[],
  headers: Readonly<Record<string, string>>,
  events: SocketEvents,
): Socket {
  const socket = new WebSocket(url, [...protocols], { headers, perMessageDeflate: false })
  let isOver = false
  let error: unknown
  const end = (how: SocketEnd) => {
    if (isOver) return
    isOver = true
    events.closed(how)
  }
  const close = () => {
    isOver = true
    socket.terminate()
  }
  socket.on('open', () => isOver || events.opened())
  socket.on('message', (data, isBinary) => {
    if (!isOver && !isBinary) events.message(String(data))
  })
  // Reported with the close that follows; one that comes after we have ended it is dropped.
  socket.on('error', (thrown) => {
    error = thrown
  })
  socket.on('close', (code, reason) => end({ error, code, reason: String(reason) }))
  socket.on('unexpected-response', (_, response) => {
    readResponse(response, (text) => {
      const header = (name: string) => response.headers[name.toLowerCase()]?.toString() ?? null
      end({ response: { status: response.statusCode ?? 0, headers: { get: header }, text } })
      close()
    })
  })
  return { send: (text) => socket.send(text, () => undefined), close }
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
