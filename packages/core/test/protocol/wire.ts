import type { Call } from '../../src/protocol/call'
import { RawJson } from '../../src/protocol/json'
import { METHODS, type MethodName, type MethodRow } from '../../src/protocol/methods'
import { matchPath } from '../../src/protocol/path'
import { decodeRequest, type EncodedRequest, encodeRequest, rowApplies } from '../../src/protocol/request'

/** Bounds of what a server builds. */
export const LIMITS = { jsonDepth: 64, jsonItems: 10_000, filtersPerSubscription: 64 }

/** What a server makes of a request that was sent over a real URL: the method it is for, and its parameters. */
export function receive(request: EncodedRequest): { method: MethodName; params: Record<string, unknown> } {
  const url = new URL(`http://host${request.target}`)
  const received = {
    query: url.search.slice(1),
    header: (name: string) => new Headers(request.headers).get(name) ?? undefined,
    body:
      typeof request.body === 'string' ? new TextEncoder().encode(request.body) : (request.body ?? new Uint8Array()),
  }
  for (const [method, row] of Object.entries<MethodRow>(METHODS)) {
    const pathParams = row.verb === request.verb ? matchPath(row.path, url.pathname) : undefined
    if (!pathParams || !rowApplies(row, received)) continue
    const { params } = decodeRequest(row, { ...received, pathParams }, LIMITS)
    if (row.body === 'data' || row.body === 'fields') params[row.body] = built(params[row.body])
    return { method: method as MethodName, params }
  }
  throw new Error(`no row takes ${request.verb} ${request.target}`)
}

/** The document that a server keeps as text. */
function built(value: unknown): unknown {
  if (!(value instanceof RawJson)) throw new Error('a document stays text')
  return JSON.parse(value.text)
}

/** A call with nothing but its method and parameters. */
export function callOf(method: MethodName, params: Record<string, unknown>): Call {
  return { method, params: params as Call['params'], requestId: 'r' }
}

/** The parameters of a call after a way over the wire. */
export function overTheWire(method: MethodName, params: Record<string, unknown>) {
  return receive(encodeRequest(callOf(method, params)))
}
