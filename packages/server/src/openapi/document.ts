import { METHODS, type MethodName, type MethodRow } from '@ironflow/core/protocol'
import { SCHEMAS } from './components'
import type { Method } from './method'
import { operation } from './operation'
import { object, ref, type Schema, text } from './schema'
import { WATCH_PATHS } from './watch-paths'

const json = (schema: Schema) => ({ 'application/json': { schema } })
const problem = { description: 'A problem', content: { 'application/problem+json': { schema: ref('Problem') } } }

/** The routes about the server itself. */
const META = {
  '/': meta('start', { content: { 'text/plain': { schema: text }, 'text/html': { schema: text } }, needsKey: false }),
  '/health': meta('health', { content: json(object({ status: { const: 'ok' } })), needsKey: false }),
  '/ready': meta('ready', { content: json(object({ status: { const: 'ready' } })), needsKey: false }),
  '/metrics': meta('metrics', { content: { 'text/plain': { schema: text } }, needsKey: true, isOptional: true }),
  '/api/v1/capabilities': meta('capabilities', { content: json({ type: 'object' }), needsKey: true }),
  '/api/v1/openapi.json': meta('openapi', { content: json({ type: 'object' }), needsKey: true }),
}

/**
 * The server's HTTP interface as OpenAPI 3.1, made from the method table: each method is in it, with its parameters,
 * its answer and its errors.
 *
 * @param version of the server, for `info`
 */
export function openapiDocument(version: string): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Ironflow',
      version,
      description: 'Live configuration and key-value state. Errors are application/problem+json (RFC 9457).',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ apiKey: [] }],
    paths: { ...methodPaths(), ...WATCH_PATHS, ...META },
    components: {
      schemas: SCHEMAS,
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'An API key: ifkey_…' } },
    },
  }
}

function methodPaths(): Record<string, Record<string, unknown>> {
  const byPath = new Map<string, Map<string, Method[]>>()
  for (const [method, row] of Object.entries(METHODS) as [MethodName, MethodRow][]) {
    const path = row.path.replace(/:([a-zA-Z]+)\+?/g, '{$1}')
    const verb = row.verb.toLowerCase()
    const byVerb = byPath.get(path) ?? new Map<string, Method[]>()
    byPath.set(path, byVerb.set(verb, [...(byVerb.get(verb) ?? []), { method, row }]))
  }
  const operations = (byVerb: Map<string, Method[]>) =>
    Object.fromEntries(Array.from(byVerb, ([verb, methods]) => [verb, operation(methods)]))
  return Object.fromEntries(Array.from(byPath, ([path, byVerb]) => [path, operations(byVerb)]))
}

interface MetaRoute {
  content: object
  needsKey: boolean
  /** Unsupported by a server that was made without it. */
  isOptional?: boolean
}

function meta(operationId: string, { content, needsKey, isOptional }: MetaRoute) {
  const errors: Record<number, object> = { 400: problem, 403: problem, 500: problem, 503: problem }
  if (needsKey) errors[401] = problem
  if (isOptional) errors[501] = problem
  return {
    get: {
      operationId,
      tags: ['server'],
      security: needsKey ? undefined : [],
      responses: { 200: { description: 'Success', content }, ...errors },
    },
  }
}
