import { type ErrorInit, IronflowError } from '../errors/ironflow-error'
import { fromProblem } from '../errors/problem'
import { HEADERS } from '../protocol/headers'
import { parseJson } from '../protocol/json'

/** An HTTP answer whose body was read; also one that came in place of a WebSocket. */
export interface Answer {
  readonly status: number
  readonly headers: Pick<Headers, 'get'>
  readonly type?: string | undefined
}

/**
 * The error in an answer that is none of success.
 *
 * @param now for a `Retry-After` that is a date
 */
export function answerError(answer: Answer, text: string, now: number): IronflowError {
  const { status, headers } = answer
  if (answer.type === 'opaqueredirect' || (status >= 300 && status < 400)) {
    const location = headers.get('location')
    const where = location ? ` to ${location}` : ''
    const message = `the server redirects${where}: set serverUrl to where it really is`
    return new IronflowError(message, 'invalid_response', knownOf(answer, text))
  }
  const body = parseJson(text)
  const wait = retryAfterMs(headers.get(HEADERS.retryAfter), now)
  return fromProblem(body, status, { ...knownOf(answer, body === undefined ? text : undefined), retryAfterMs: wait })
}

/** The error in an answer of success that cannot be used. @param what what it was to be: `a JSON object` */
export function unusable(answer: Answer, text: string, what: string): IronflowError {
  const message = `the answer is no ${what} (${typeOf(answer)}): is serverUrl an Ironflow server?`
  return new IronflowError(message, 'invalid_response', knownOf(answer, text))
}

/** What an answer tells about its error. A text that is none of ours is quoted, for people, as the cause. */
function knownOf(answer: Answer, foreign: string | undefined): ErrorInit {
  const { status, headers } = answer
  return {
    status,
    requestId: headers.get(HEADERS.requestId) ?? undefined,
    cause:
      foreign === undefined
        ? undefined
        : new Error(`received HTTP ${status}, ${typeOf(answer)}: ${foreign.slice(0, 200) || '(empty)'}`),
  }
}

function typeOf({ headers }: Answer): string {
  return headers.get(HEADERS.contentType) ?? 'no content type'
}

/** `Retry-After` is either seconds or a date (RFC 9110, 10.2.3). */
function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}
