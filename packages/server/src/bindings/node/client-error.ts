import type { Duplex } from 'node:stream'
import { type ErrorCode, errorFor, PROBLEM_TYPE, toProblem } from '@ironflow/core/errors'
import { stringify } from '@ironflow/core/protocol'
import type { Limits } from '../../options'
import { newRequestId } from '../request-id'
import { endConnection } from './end-connection'
import { isResponseDue } from './turns'

/** What Node's parser or its timers found wrong, as an answer of ours: status, code, text. */
function verdict(code: string | undefined, limits: Limits): [status: number, code: ErrorCode, detail: string] {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return [431, 'headers_too_large', `the headers are too large (limit headerBytes: ${limits.headerBytes})`]
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return [408, 'timeout', `the request took too long to arrive (limits headersTimeoutMs, requestTimeoutMs)`]
  return [400, 'invalid_request', 'that is no HTTP request']
}

const REASONS: Record<number, string> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
}

/**
 * Responds to a request that could not be read, and closes its connection. There is no request, so the text is written;
 * where it would end up in another response, or behind the request's own, the connection is only closed.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex, limits: Limits): void {
  // It is being closed already, and goes on as that has begun.
  if (socket.writableEnded) return
  if (error.code === 'ECONNRESET' || !socket.writable || !isResponseDue(socket)) {
    socket.destroy()
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
