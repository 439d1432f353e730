import { IronflowError } from '../errors/ironflow-error'
import { fromProblem } from '../errors/problem'
import { HEADERS } from '../protocol/headers'

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
  const requestId = headers.get(HEADERS.requestId) ?? undefined
  if (answer.type === 'opaqueredirect' || (status >= 300 && status < 400)) {
    const location = headers.get('location')
    return new IronflowError(
      `the server redirects${location ? ` to ${location}` : ''}: set serverUrl to where it really is`,
      'invalid_response',
      { status, requestId, cause: received(answer, text) },
    )
  }
  const body = parseJson(text)
  const wait = retryAfterMs(headers.get(HEADERS.retryAfter), now)
  const cause = body === undefined ? received(answer, text) : undefined
  return fromProblem(body, status, { requestId, retryAfterMs: wait, cause })
}

/** The error in an answer of success that cannot be used. @param what what it was to be: `a JSON object` */
export function unusable(answer: Answer, text: string, what: string): IronflowError {
  const type = answer.headers.get(HEADERS.contentType) ?? 'no content type'
  return new IronflowError(`the answer is no ${what} (${type}): is serverUrl an Ironflow server?`, 'invalid_response', {
    status: answer.status,
    requestId: answer.headers.get(HEADERS.requestId) ?? undefined,
    cause: received(answer, text),
  })
}

/** The value of JSON text; `undefined` where it is none, which the caller says with what the headers tell. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What came instead of an answer of ours, for people: the cause of the error that says so. */
function received({ status, headers }: Answer, text: string): Error {
  const type = headers.get(HEADERS.contentType) ?? 'no content type'
  return new Error(`received HTTP ${status}, ${type}: ${text.slice(0, 200) || '(empty)'}`)
}

/** `Retry-After` is either seconds or a date (RFC 9110, 10.2.3). */
function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}
