import { type IronflowError, PROBLEM_TYPE, toProblem } from '@ironflow/core/errors'
import { formatEtag, HEADERS, type MethodRow, RawJson, stringify } from '@ironflow/core/protocol'
import type { Answer } from '../domain/answer'
import type { HttpRequest, HttpResponse } from './message'

/** Nothing that answers a key may be kept on the way; revalidation by ETag is the caller's own business. */
const NO_STORE = { 'cache-control': 'no-store' } as const

/** Seconds to wait where an error says only that it will pass. */
const DEFAULT_RETRY_SECONDS = 1

const encoder = new TextEncoder()

/** Headers of an answer with a JSON body. */
export function jsonHeaders(): Record<string, string> {
  return { [HEADERS.contentType]: 'application/json', ...NO_STORE }
}

/** An answer with a JSON body. */
export function jsonResponse(status: number, body: unknown, headers: Record<string, string> = {}): HttpResponse {
  return { status, headers: { ...jsonHeaders(), ...headers }, body: stringify(body) }
}

/** The answer of a call that succeeded. */
export function successResponse(request: HttpRequest, row: MethodRow, answer: Answer): HttpResponse {
  const headers: Record<string, string> = { ...NO_STORE }
  const { position } = answer
  if (position) {
    headers[HEADERS.revision] = String(position.revision)
    headers[HEADERS.epoch] = position.epoch
  }
  const status = answer.created === false ? 200 : (row.success ?? 200)
  if (status === 204) return { status, headers }

  if (position && row.etag) {
    const etag = formatEtag(position)
    headers[HEADERS.etag] = etag
    if (isUnchanged(request.header(HEADERS.ifNoneMatch), etag)) return { status: 304, headers }
  }
  if (row.raw !== undefined) {
    headers.vary = 'accept'
    if (wantsBytes(request.header('accept'))) return rawResponse(memberOf(answer.result, row.raw), headers)
  }
  headers[HEADERS.contentType] = 'application/json'
  return { status, headers, body: stringify(answer.result) }
}

/** The value alone, without its envelope. */
function rawResponse(value: unknown, headers: Record<string, string>): HttpResponse {
  headers[HEADERS.contentType] = 'application/octet-stream'
  // Values are their writers' and no page of this origin, whatever a browser makes of their first bytes.
  headers['x-content-type-options'] = 'nosniff'
  if (value instanceof Uint8Array) return { status: 200, headers, body: value }
  return { status: 200, headers, body: encoder.encode(value instanceof RawJson ? value.text : String(value)) }
}

/** The answer of a call that failed. */
export function errorResponse(error: IronflowError, requestId: string): HttpResponse {
  const problem = toProblem(error, requestId)
  const headers: Record<string, string> = { [HEADERS.contentType]: PROBLEM_TYPE, ...NO_STORE }
  if (problem.status === 401) headers['www-authenticate'] = 'Bearer realm="ironflow"'
  // RFC 9110, 15.5.22: what to ask for instead.
  if (problem.status === 426) headers.upgrade = 'websocket'
  if (error.retryAfterMs !== undefined) headers[HEADERS.retryAfter] = String(Math.ceil(error.retryAfterMs / 1000))
  else if (problem.status === 429 || problem.status === 503) headers[HEADERS.retryAfter] = String(DEFAULT_RETRY_SECONDS)
  return { status: problem.status, headers, body: stringify(problem) }
}

function memberOf(result: object, name: string): unknown {
  return Object.entries(result).find(([member]) => member === name)?.[1]
}

/** What may be kept for the next reader of the same URL: the newest entry of a key, as JSON. */
export function cacheableEntry(
  { status, headers }: HttpResponse,
  query: string,
  environment: string,
  { bucket, key }: Readonly<Record<string, string>>,
  { position, expiresAt }: Answer,
): HttpResponse['keep'] {
  if (status !== 200 || query !== '' || !position || bucket === undefined || key === undefined) return undefined
  if (headers[HEADERS.contentType] !== 'application/json') return undefined
  const { revision, epoch } = position
  return { environment, bucket, key, revision, epoch, expiresAt }
}

/** `If-None-Match` compares weakly (RFC 9110, 13.1.2). */
function isUnchanged(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  if (header.trim() === '*') return true
  return header.split(',').some((each) => each.trim().replace(/^W\//, '') === etag)
}

function wantsBytes(accept: string | undefined): boolean {
  if (accept === undefined || !accept.includes('octet-stream')) return false
  const types = accept.split(',').map((each) => each.split(';', 1)[0]?.trim().toLowerCase())
  return types.includes('application/octet-stream') && !types.includes('application/json')
}
