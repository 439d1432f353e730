import { isMutating, type MethodRow } from '@ironflow/core/protocol'
import type { Method } from './method'
import { RESULTS } from './results'
import { count, ref, type Schema, text } from './schema'

const header = (schema: Schema) => ({ schema })
const COMMON_HEADERS = { 'X-Request-Id': header(text), 'X-Ironflow-Environment': header(text) }

/** The responses of an operation: of all the methods that share its route, by status. */
export function responses(rows: readonly Method[]): Record<string, unknown> {
  const all: Record<string, unknown> = {}
  for (const status of new Set(rows.flatMap(({ row }) => errorStatuses(row)))) all[status] = problem()
  const bySuccess = new Map<number, Method[]>()
  for (const { method, row } of rows) {
    // What was to be made and was there is answered with 200.
    const statuses = mayBeThere(row) ? [201, 200] : [row.success ?? 200]
    for (const status of statuses) bySuccess.set(status, [...(bySuccess.get(status) ?? []), { method, row }])
  }
  for (const [status, methods] of bySuccess) all[status] = success(status, methods)
  if (rows.some(({ row }) => row.etag)) {
    all[304] = { description: 'Not modified', headers: { ...COMMON_HEADERS, ETag: header(text) } }
  }
  return all
}

/** Returns whether what a method makes may be there already: the same is fine, anything else is a conflict. */
function mayBeThere({ success, once }: MethodRow): boolean {
  return success === 201 && !once
}

function success(status: number, methods: readonly Method[]): unknown {
  const headers: Record<string, unknown> = {
    ...COMMON_HEADERS,
    'X-Ironflow-Revision': header(count),
    'X-Ironflow-Epoch': header(text),
  }
  if (methods.some(({ row }) => row.etag)) headers.ETag = header(text)
  if (status === 204) return { description: 'Done', headers }
  const [first, ...others] = methods.map(({ method }) => RESULTS[method])
  const schema = others.length === 0 ? first : { anyOf: [first, ...others] }
  const content: Record<string, unknown> = { 'application/json': { schema } }
  if (methods.some(({ row }) => row.raw)) {
    content['application/octet-stream'] = { schema: { type: 'string', format: 'binary' } }
  }
  return { description: 'Success', headers, content }
}

function problem(): unknown {
  return {
    description: 'A problem (RFC 9457)',
    headers: { 'X-Request-Id': header(text), 'Retry-After': header(count) },
    content: { 'application/problem+json': { schema: ref('Problem') } },
  }
}

/** The statuses of errors that a method can have, besides those that anything can. */
function errorStatuses(row: MethodRow): number[] {
  const statuses = [400, 401, 403, 431, 500, 503, 504]
  if (row.path.includes(':')) statuses.push(404)
  if (isMutating(row) && !row.once) statuses.push(422)
  if (isMutating(row)) statuses.push(507)
  if (row.body !== undefined) statuses.push(413, 415)
  if (row.ifMatch || row.when) statuses.push(412)
  if (row.body === 'value') statuses.push(501)
  if (mayBeThere(row)) statuses.push(409)
  return statuses
}
