import { invalid, ValidationError } from '../errors/kinds'
import type { Call } from './call'
import { encodingOf, expectUtf8, isText, mediaType } from './content-type'
import { type EnvironmentSource, oneEnvironment, placedEnvironment } from './environment'
import { formatEtag, parseEtag } from './etag'
import { HEADERS } from './headers'
import { fromBase64, RawJson, stringify } from './json'
import { type JsonLimits, parseJsonWithin } from './json-check'
import { isObjectText } from './json-members'
import { isMutating, type MethodRow, methodRow } from './methods'
import { fillPath } from './path'
import { decodeQuery, encodeQuery, queryTypes } from './query'
import type { Encoding } from './value'

/**
 * A `Call` as an HTTP request and back: both ends of the wire, so that they cannot drift apart. What travels where is
 * the row's business; nothing here knows a method by name.
 */

type ParamRecord = Readonly<Record<string, unknown>>

/** A call, ready to be sent by any HTTP client. */
export interface EncodedRequest {
  verb: MethodRow['verb']
  /** Path and query. */
  target: string
  headers: Record<string, string>
  body?: string | Uint8Array | undefined
}

const CONTENT_TYPES: Record<Encoding, string> = {
  json: 'application/json',
  text: 'text/plain; charset=utf-8',
  base64: 'application/octet-stream',
}

/** The parameters that travel in `If-Match` and `If-None-Match`, never in a body. */
export const PRECONDITIONS: readonly string[] = ['ifRevision', 'ifEpoch', 'ifVersion', 'createOnly']

/** What of a call, besides its parameters, travels in headers. */
const ABOUT_CALL = ['requestId', 'environment', 'idempotencyKey', 'minPosition', 'consistency', 'traceparent'] as const

/** The HTTP form of a call. @throws ValidationError for parameters that a URL cannot carry. */
export function encodeRequest(call: Call): EncodedRequest {
  return encodeCall(methodRow(call.method), call)
}

/** As {@link encodeRequest}, by a row that need not be the method's. */
export function encodeCall(row: MethodRow, call: Call): EncodedRequest {
  const headers: Record<string, string> = {}
  for (const member of ABOUT_CALL) {
    if (call[member] !== undefined) headers[HEADERS[member]] = String(call[member])
  }
  let params = call.params as ParamRecord
  const environment = placedEnvironment(row)
  if (environment) {
    delete headers[HEADERS.environment]
    params = { ...params, [environment.name]: call.environment }
  }
  // Without it the request would be that of another method, which overwrites whatever is there.
  const expected = row.ifMatch && params[row.ifMatch]
  if (row.ifMatch && row.when?.header === HEADERS.ifMatch && expected === undefined)
    throw invalid({ [row.ifMatch]: 'must be given' })
  if (expected !== undefined) {
    const epoch = params.ifEpoch === undefined ? '' : `-${params.ifEpoch}`
    headers[HEADERS.ifMatch] = `"${expected}${epoch}"`
  }
  if (row.etag && call.known) headers[HEADERS.ifNoneMatch] = formatEtag(call.known)
  if ((row.ifNoneMatch && params.createOnly === true) || row.when?.header === HEADERS.ifNoneMatch) {
    headers[HEADERS.ifNoneMatch] = '*'
  }

  const request: EncodedRequest = {
    verb: row.verb,
    target: fillPath(row.path, params) + encodeQuery(row, params),
    headers,
  }
  if (row.body === 'value') {
    const encoding = params.encoding as Encoding
    headers[HEADERS.contentType] = CONTENT_TYPES[encoding]
    request.body = encodeValueBody(params.value, encoding)
  } else if (row.body !== undefined) {
    headers[HEADERS.contentType] = CONTENT_TYPES.json
    request.body = stringify(row.body === 'rest' ? bodyParams(row, params) : params[row.body])
  }
  return request
}

function encodeValueBody(value: unknown, encoding: Encoding): string | Uint8Array {
  if (encoding === 'json') return stringify(value)
  if (encoding === 'text') return value as string
  return typeof value === 'string' ? fromBase64(value) : (value as Uint8Array)
}

/** A request's parts as a server reads them: the path is matched already, the body is whole. */
export interface ReceivedRequest extends EnvironmentSource {
  readonly body: Uint8Array
}

/** Parts of a call that a request carries, besides its method and what is in headers only. */
export interface DecodedRequest {
  readonly params: Record<string, unknown>
  /** Absent: none is named. */
  readonly environment: string | undefined
}

/** Whether a row that shares its verb and path with others is the one that is meant. */
export function rowApplies(row: MethodRow, request: Pick<ReceivedRequest, 'query' | 'header'>): boolean {
  const { header, query } = row.when ?? {}
  if (header) return request.header(header) !== undefined
  if (!query) return true
  if (request.query === '') return false
  const given = new URLSearchParams(request.query)
  return Object.entries(query).every(([name, value]) => given.get(name) === value)
}

/**
 * The parameters and the environment of a call from an HTTP request. A document or a KV value that came as JSON stays text, not checked yet:
 * to build it could take long.
 *
 * @param limits bounds of any other body, whose value is built
 * @throws ValidationError naming the place: a query parameter that is unknown, doubled or malformed, an `If-Match` that
 * is no revision, a body of the wrong kind
 */
export function decodeRequest(row: MethodRow, request: ReceivedRequest, limits: JsonLimits): DecodedRequest {
  const params = decodeParams(row, request, limits)
  const inHeader = request.header(HEADERS.environment)
  const placed = placedEnvironment(row)
  if (!placed) return { params, environment: inHeader }
  const { [placed.name]: named, ...others } = params
  if (named !== undefined && typeof named !== 'string') throw invalid({ [placed.name]: 'must be a string' })
  return { params: others, environment: oneEnvironment(inHeader, named, placed.place) }
}

function decodeParams(row: MethodRow, request: ReceivedRequest, limits: JsonLimits): Record<string, unknown> {
  const params: Record<string, unknown> = { ...request.pathParams, ...decodeQuery(row, request.query) }
  decodePreconditions(row, request, params)
  if (row.body === undefined) return params

  const contentType = mediaType(request.header(HEADERS.contentType))
  if (row.body !== 'value' || isText(contentType)) expectUtf8(request.header(HEADERS.contentType))
  if (row.body === 'value') {
    const encoding = encodingOf(contentType)
    params.encoding = encoding
    if (encoding === 'base64') params.value = request.body
    else if (encoding === 'text') params.value = decodeUtf8(request.body)
    else params.value = new RawJson(decodeUtf8(request.body).trim())
    return params
  }

  if (contentType !== 'application/json') {
    throw new ValidationError(
      'the body must be JSON: send "content-type: application/json"',
      'unsupported_media_type',
      {
        fields: { 'content-type': 'must be application/json' },
      },
    )
  }
  const text = decodeUtf8(request.body).trim()
  if (!isObjectText(text)) {
    const sdk = row.body === 'rest' ? '' : ` (${row.body} in the SDK)`
    throw invalid({ body: `must be a JSON object${sdk}` })
  }
  if (row.body !== 'rest') {
    params[row.body] = new RawJson(text)
    return params
  }
  const body = parseJsonWithin(text, limits, 'body') as Record<string, unknown>
  for (const [name, value] of Object.entries(body)) {
    if (Object.hasOwn(params, name) || PRECONDITIONS.includes(name)) {
      throw invalid({ [name]: 'does not belong in the body' })
    }
    // Defined, not assigned: a member called __proto__ stays an ordinary one, to be refused by name.
    Object.defineProperty(params, name, { value, enumerable: true, configurable: true, writable: true })
  }
  return params
}

function decodePreconditions(row: MethodRow, request: ReceivedRequest, params: Record<string, unknown>): void {
  if (!isMutating(row)) return // There, both headers are about caching, and the binding's business.
  const ifMatch = request.header(HEADERS.ifMatch)
  const ifNoneMatch = request.header(HEADERS.ifNoneMatch)
  if (ifMatch !== undefined && ifNoneMatch !== undefined)
    throw invalid({ 'if-none-match': 'cannot go with if-match (createOnly with ifRevision in the SDK)' })
  if (ifMatch !== undefined) {
    if (!row.ifMatch) throw invalid({ 'if-match': 'has no meaning for this method' })
    const match = parseEtag(ifMatch)
    if (!match)
      throw invalid({ 'if-match': 'must be a revision or an ETag: 5, "5", W/"5" or "5-epoch" (ifRevision in the SDK)' })
    params[row.ifMatch] = match.revision
    if (match.epoch !== undefined) params.ifEpoch = match.epoch
  }
  if (ifNoneMatch !== undefined) {
    if (!row.ifNoneMatch && row.when?.header !== HEADERS.ifNoneMatch) {
      throw invalid({ 'if-none-match': 'has no meaning for this method' })
    }
    if (ifNoneMatch.trim() !== '*') throw invalid({ 'if-none-match': 'must be * on a write' })
    if (row.ifNoneMatch) params.createOnly = true
  }
}

/** The parameters that travel in neither path, query nor header. */
function bodyParams(row: MethodRow, params: ParamRecord): ParamRecord {
  const inPath = Array.from(row.path.matchAll(/:([a-zA-Z]+)/g), (found) => found[1])
  const elsewhere = [...PRECONDITIONS, ...inPath, ...Object.keys(queryTypes(row))]
  return Object.fromEntries(Object.entries(params).filter(([name]) => !elsewhere.includes(name)))
}

/** Stateless between calls, since each is given whole. */
const utf8 = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    throw invalid({ body: 'must be valid UTF-8' }, error)
  }
}
