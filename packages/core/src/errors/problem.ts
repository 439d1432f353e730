import { isRecord } from '../is-record'
import { CODES, codeForStatus, type ErrorCode, isErrorCode } from './codes'
import type { ErrorInit, IronflowError } from './ironflow-error'
import { errorFor } from './kinds'

/** An error as it travels: RFC 9457 problem details with Ironflow's members. */
export interface Problem {
  title: string
  status: number
  detail: string
  code: string
  /** The same text as `detail`, for readers that look for `error`. */
  error: string
  requestId?: string | undefined
  fields?: Record<string, string> | undefined
  currentRevision?: number | undefined
  retryAfterMs?: number | undefined
  details?: Record<string, unknown> | undefined
}

/** Media type of a {@link Problem} (RFC 9457). */
export const PROBLEM_TYPE = 'application/problem+json'

/** The wire form of an error. Stacks and causes stay where they are. */
export function toProblem(error: IronflowError, requestId?: string): Problem {
  const { fields, currentRevision } = error as Partial<Problem>
  return {
    title: titleOf(error.code),
    status: error.status ?? 500,
    detail: error.message,
    code: error.code,
    error: error.message,
    requestId: requestId ?? error.requestId,
    fields: fields && Object.keys(fields).length > 0 ? fields : undefined,
    currentRevision,
    retryAfterMs: error.retryAfterMs,
    details: error.details,
  }
}

/** A code in words: `Revision conflict`. */
function titleOf(code: ErrorCode): string {
  const words = code.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/**
 * Returns the error in a response's body, whatever that body is: a problem of ours, foreign JSON, or `undefined`
 * where it was not JSON at all.
 *
 * @param known what is known from elsewhere, such as the response's headers
 */
export function fromProblem(
  body: unknown,
  status: number,
  known: Pick<ErrorInit, 'requestId' | 'retryAfterMs' | 'cause'> = {},
): IronflowError {
  const problem = isRecord(body) ? body : {}
  const code = isWireCode(problem.code) ? problem.code : codeForForeignStatus(status)
  const text = [problem.detail, problem.error, problem.message].find((part) => typeof part === 'string' && part !== '')
  const said = (text as string | undefined) ?? `the server responded with ${status}`
  return errorFor(code, code === 'invalid_response' ? `${said}; ${NOT_OURS}` : said, {
    status,
    requestId: typeof problem.requestId === 'string' ? problem.requestId : known.requestId,
    fields: isRecord(problem.fields) ? (problem.fields as Record<string, string>) : undefined,
    currentRevision: typeof problem.currentRevision === 'number' ? problem.currentRevision : undefined,
    retryAfterMs: typeof problem.retryAfterMs === 'number' ? Math.max(0, problem.retryAfterMs) : known.retryAfterMs,
    details: isRecord(problem.details) ? problem.details : undefined,
    cause: known.cause,
  })
}

/** What to look at where a response is not ours. */
export const NOT_OURS = 'is serverUrl an Ironflow server?'

/** Returns whether a server may respond with that code: `aborted` and `closed` are what this client did, whatever a server claims. */
function isWireCode(value: unknown): value is ErrorCode {
  return isErrorCode(value) && CODES[value].status !== undefined
}

/**
 * A status without a code of ours was made by something in between. Its "slow down", "who are you" and "I am down" can
 * be believed; but "not found" from a web server that has never heard of Ironflow says nothing about a document, and
 * must not be taken for one that does not exist.
 */
function codeForForeignStatus(status: number): ErrorCode {
  if (status === 408) return 'timeout' // The request was too slow in coming, which another attempt need not be.
  if (status === 422) return 'invalid_request' // Elsewhere it has nothing to do with idempotency.
  const code = codeForStatus(status)
  return code === 'not_found' || code === 'already_exists' || code === 'revision_conflict' ? 'invalid_response' : code
}
