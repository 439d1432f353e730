import type { Duplex } from 'node:stream'
import { type ErrorCode, errorFor, PROBLEM_TYPE, toProblem } from '@ironflow/core/errors'
import { stringify } from '@ironflow/core/protocol'
import type { Limits } from '../../limits'
import { newRequestId } from '../request-id'
import { endConnection, ignoreRest } from './end-connection'
import { newestResponse } from './turns'

/** What Node's parser or its timers found wrong, as an answer of ours: status, code, text. */
function verdict(code: string | undefined, limits: Limits): [status: number, code: ErrorCode, detail: string] {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return [431, 'headers_too_large', `the headers are too large (limit headerBytes: ${limits.headerBytes})`]
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return [408, 'timeout', `the request took too long to arrive (limits headersTimeoutMs, requestTimeoutMs)`]
  return [400, 'invalid_request', 'that is no HTTP request; a request with TLS needs a server with TLS']
}

const REASONS: Record<number, string> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
}

/**
 * Responds to a request that could not be read, and closes its connection. There is no request, so the text is written:
 * behind the response before it, which comes first, and never into one that has no end in sight.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex, limits: Limits): void {
  // It is being closed already, and goes on as that has begun.
  if (socket.writableEnded) return
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const response = newestResponse(socket)
  const isWithinBody = response !== undefined && !response.req.complete
  // The request has its response already, or the one before it has no end in sight.
  if (response?.headersSent && (isWithinBody || !response.writableEnded)) {
    socket.destroy()
    return
  }
  if (response && !isWithinBody && !response.closed) {
    ignoreRest(socket)
    response.once('close', () => answerClientError(error, socket, limits))
    return
  }
  const [status, code, detail] = verdict(error.code, limits)
  const requestId = newRequestId()
  const problem = stringify(toProblem(errorFor(code, detail, { status }), requestId))
  endConnection(
    socket,
    `HTTP/1.1 ${status} ${REASONS[status]}\r\n` +
      `content-type: ${PROBLEM_TYPE}\r\ncontent-length: ${Buffer.byteLength(problem)}\r\n` +
      `cache-control: no-store\r\nx-request-id: ${requestId}\r\nconnection: close\r\n\r\n${problem}`,
  )
}
