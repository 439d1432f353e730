import { isMutating, type MethodName, type MethodRow, PRECONDITIONS, queryTypes } from '@ironflow/core/protocol'
import type { Method } from './method'
import { PARAMETERS, REQUIRED_IN_BODY } from './parameters'
import { responses } from './responses'
import { object, type Schema, text } from './schema'

/**
 * The operation of a verb and a path. OpenAPI has one for each, Ironflow may have several methods there, told apart by
 * `when`: the operation has the name of the last, which needs nothing, and `x-ironflow-methods` has them all.
 */
export function operation(methods: readonly Method[]): Record<string, unknown> {
  const main = methods[methods.length - 1] as Method
  return {
    operationId: main.method,
    tags: [main.row.resource],
    'x-ironflow-methods': methods.map(({ method, row }) => ({ method, when: row.when })),
    parameters: [...pathParameters(main), ...queryParameters(methods), ...headerParameters(methods)],
    requestBody: requestBody(main),
    responses: responses(methods),
  }
}

function pathParameters({ method, row }: Method): unknown[] {
  return pathNames(row).map((name) => ({ name, in: 'path', required: true, schema: schemaOf(method, name) }))
}

function queryParameters(methods: readonly Method[]): unknown[] {
  const byName = new Map<string, Schema>()
  for (const { method, row } of methods) {
    for (const [name, value] of Object.entries(row.when?.query ?? {})) byName.set(name, choice(value))
    for (const name of Object.keys(queryTypes(row))) byName.set(name, schemaOf(method, name))
  }
  return Array.from(byName, ([name, schema]) => ({ name, in: 'query', schema }))
}

/** A parameter of the query that chooses a method. */
function choice(value: string): Schema {
  return value === 'true' ? { type: 'boolean' } : { const: value }
}

function headerParameters(methods: readonly Method[]): unknown[] {
  const rows = methods.map(({ row }) => row)
  const headers: [string, Schema][] = [
    ['X-Ironflow-Environment', text],
    ['X-Request-Id', text],
  ]
  const needs = (header: string) => rows.some(({ when }) => when?.header === header)
  if (rows.some((row) => isMutating(row) && !row.once)) headers.push(['Idempotency-Key', { ...text, maxLength: 255 }])
  if (rows.some((row) => !isMutating(row))) {
    headers.push(['X-Ironflow-Min-Revision', { type: 'string', pattern: '^[0-9]{1,16}(-[A-Za-z0-9]{1,64})?$' }])
    headers.push(['X-Ironflow-Consistency', { enum: ['strong'] }])
  }
  if (rows.some(({ ifMatch }) => ifMatch)) headers.push(['If-Match', text])
  if (rows.some(({ etag }) => etag) || needs('if-none-match') || rows.some(({ ifNoneMatch }) => ifNoneMatch)) {
    headers.push(['If-None-Match', text])
  }
  return headers.map(([name, schema]) => ({ name, in: 'header', schema }))
}

function requestBody({ method, row }: Method): unknown {
  if (row.body === undefined) return undefined
  if (row.body === 'value') {
    const content = {
      'application/json': { schema: {} },
      'text/plain': { schema: text },
      'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
    }
    return { required: true, content }
  }
  const schema = row.body === 'rest' ? bodyObject(method, row) : schemaOf(method, row.body)
  return { required: true, content: { 'application/json': { schema } } }
}

/** All parameters that travel nowhere else. */
function bodyObject(method: MethodName, row: MethodRow): Schema {
  const elsewhere = new Set([...pathNames(row), ...Object.keys(queryTypes(row)), ...PRECONDITIONS])
  const names = Object.keys(PARAMETERS[method]).filter((name) => !elsewhere.has(name))
  const required = REQUIRED_IN_BODY[method] ?? []
  const pick = (wanted: boolean) =>
    Object.fromEntries(
      names.filter((name) => required.includes(name) === wanted).map((name) => [name, schemaOf(method, name)]),
    )
  return object(pick(true), pick(false))
}

function schemaOf(method: MethodName, name: string): Schema {
  return (PARAMETERS[method] as Readonly<Record<string, Schema>>)[name] ?? {}
}

function pathNames(row: MethodRow): string[] {
  return Array.from(row.path.matchAll(/:([a-zA-Z]+)/g), (found) => found[1] as string)
}
