import type { ServerResponse } from 'node:http'

/**
 * Ends a response with its body. Once `end` is called Node counts the connection as idle, and a stop cuts it although
 * the peer may still be reading: so a large body is ended when all of it has left. It does not wait for `drain`, which
 * Node no longer emits while a pipelined request waits.
 */
export function endResponse(response: ServerResponse, body: string | Uint8Array, encoding: BufferEncoding): void {
  if (body.length < response.writableHighWaterMark) response.end(body, encoding)
  else response.write(body, encoding, () => response.end())
}
