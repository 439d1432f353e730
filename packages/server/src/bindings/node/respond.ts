import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpResponse } from '../message'
import { declaredLength } from './body'
import { LINGER_MS } from './end-connection'
import { endResponse } from './end-response'

/**
 * Characters beyond which text is sent as bytes. Text leaves in one piece with its head; but until the peer has taken it
 * all, it stays in the heap, which has a limit of its own.
 */
export const LONG_TEXT = 65_536

/** Writes an answer. `close`: the connection takes no further request. */
export function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body: content }: HttpResponse,
  { bodyBytes, close }: { bodyBytes: number; close: boolean },
): void {
  if (response.destroyed) return
  const body = typeof content === 'string' && content.length > LONG_TEXT ? Buffer.from(content) : content
  if (close) headers.connection = 'close'
  if (status !== 204 && status !== 304) headers['content-length'] = String(body === undefined ? 0 : byteLength(body))
  const sent = request.method === 'HEAD' ? undefined : body
  if (request.complete || isBounded(request, bodyBytes)) {
    // What is left of a body of known and small length, Node reads and drops, and the connection lives on.
    response.writeHead(status, headers)
    if (sent === undefined) response.end()
    else endResponse(response, sent, 'utf8')
    return
  }
  headers.connection = 'close'
  response.writeHead(status, headers)
  if (sent === undefined) response.flushHeaders()
  else response.write(sent)
  linger(request, () => response.end())
}

/**
 * Ends an answer after its request. Closing a connection while the other side still sends makes its kernel drop what
 * came in, the answer too; so the rest of the request is read for a while, and forgotten.
 */
function linger(request: IncomingMessage, end: () => void): void {
  let isOver = false
  const finish = () => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    end()
  }
  const timer = setTimeout(finish, LINGER_MS)
  request.once('end', finish)
  request.once('close', finish)
  request.resume()
}

/** Whether the rest of a request comes, and is not large. One that was not asked for its body may never send it. */
function isBounded(request: IncomingMessage, bodyBytes: number): boolean {
  if (request.headers.expect !== undefined) return false
  const length = declaredLength(request)
  return length !== undefined && length <= bodyBytes
}

function byteLength(body: string | Uint8Array): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : body.length
}
