import type { ServerResponse } from 'node:http'
import type { HttpResponse } from '../message'

/**
 * Writes an answer whose body comes as it happens.
 *
 * @param bufferBytes how much may wait for the peer before it counts as slow
 */
export function respondStream(
  response: ServerResponse,
  { status, headers, stream }: HttpResponse,
  bufferBytes: number,
): void {
  if (response.destroyed) {
    stream?.cancel()
    return
  }
  response.writeHead(status, headers)
  // The head goes out at once: whoever waits for it knows that he was understood.
  response.flushHeaders()
  const { socket } = response.req
  socket.setKeepAlive(true, KEEP_ALIVE_MS)
  // Of the socket: Node stops passing it on to the response as soon as a further request waits on the connection.
  const onDrain = () => stream?.drained()
  socket.on('drain', onDrain)
  response.on('close', () => {
    socket.off('drain', onDrain)
    stream?.cancel()
  })
  stream?.start({
    get ready() {
      return response.writable && response.writableLength < bufferBytes
    },
    write(content) {
      if (response.writable) response.write(content)
    },
    end(last) {
      if (!response.writable) return
      // Only when it has left: a stop cuts connections whose response is ended.
      if (last) response.write(last, () => response.end())
      else response.end()
    },
  })
}

/** After so much silence the kernel asks whether the peer is still there: one that vanished would be kept for ever. */
export const KEEP_ALIVE_MS = 30_000
