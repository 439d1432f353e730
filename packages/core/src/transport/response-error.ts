import { isErrorCode } from '../errors/codes'
import { type ErrorInit, IronflowError } from '../errors/ironflow-error'
import { errorFor } from '../errors/kinds'
import { fromProblem, NOT_OURS } from '../errors/problem'
import type { WatchFrame } from '../protocol/frames'
import { HEADERS } from '../protocol/headers'
import { parseJson } from '../protocol/json'

/** An HTTP response whose body was read; also one that came in place of a WebSocket. */
export interface ResponseHead {
  readonly status: number
  readonly headers: Pick<Headers, 'get'>
  readonly type?: string | undefined
}

/**
 * Returns the error in a response that is none of success.
 *
 * @param now for a `Retry-After` that is a date
 */
export function responseError(response: ResponseHead, text: string, now: number): IronflowError {
  const { status, headers } = response
  if (response.type === 'opaqueredirect' || (status >= 300 && status < 400)) {
    const location = headers.get('location')
    const where = location ? ` to ${location}` : ''
    const message = `the server redirects${where}: set serverUrl to where it really is`
    return new IronflowError(message, 'invalid_response', knownOf(response, text))
  }
  const body = parseJson(text)
  const wait = retryAfterMs(headers.get(HEADERS.retryAfter), now)
  return fromProblem(body, status, { ...knownOf(response, body === undefined ? text : undefined), retryAfterMs: wait })
}

/** Returns the error of a response that cannot be used. @param what what it was to be: `JSON object` */
export function unusableResponse(response: ResponseHead, text: string, what: string): IronflowError {
  const message = `the response is no ${what} (${typeOf(response)}); ${NOT_OURS}`
  return new IronflowError(message, 'invalid_response', knownOf(response, text))
}

/** Returns what a response says about its error. A text that is none of ours is quoted, for people, as the cause. */
function knownOf(response: ResponseHead, foreign: string | undefined): ErrorInit {
  const { status, headers } = response
  return {
    status,
    requestId: headers.get(HEADERS.requestId) ?? undefined,
    cause:
      foreign === undefined
        ? undefined
        : new Error(`received HTTP ${status}, ${typeOf(response)}: ${foreign.slice(0, 200) || '(empty)'}`),
  }
}

function typeOf({ headers }: ResponseHead): string {
  return headers.get(HEADERS.contentType) ?? 'no content type'
}

/** `Retry-After` is either seconds or a date (RFC 9110, 10.2.3). */
function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}

/** Returns the error in a message. A code that this version does not know is the server's own trouble, which may pass. */
export function frameError({ code, detail, fields }: Extract<WatchFrame, { type: 'error' }>): IronflowError {
  return errorFor(isErrorCode(code) ? code : 'internal', detail, { fields })
}
