import { errorFor } from '@ironflow/core/errors'
import { HEADERS } from '@ironflow/core/protocol'
import type { Admission } from '../dispatch/admission'
import type { Authenticator } from '../dispatch/authenticate'
import type { Principal } from '../domain/principal'
import type { Right } from '../domain/rights'
import type { Engine } from '../engine/engine'
import type { Metrics } from '../observe/metrics'
import { openapiDocument } from '../openapi/document'
import type { Limits } from '../options'
import type { Watching } from '../watch/watching'
import { jsonResponse } from './answer'
import { bearerKey } from './headers'
import type { HttpRequest, HttpResponse } from './message'

/** What the routes about the server itself need. */
export interface MetaParts {
  readonly engine: Engine
  readonly authenticator: Authenticator
  readonly admission: Admission
  readonly metrics: Metrics
  readonly limits: Limits
  readonly watching: Watching
  readonly version: string
  /** Why the server does not serve yet, or no more, besides what its engine says. */
  readonly notReady: () => string | undefined
}

type MetaRoute = (request: HttpRequest, parts: MetaParts) => HttpResponse | Promise<HttpResponse>

/** The version of the wire that this server speaks. */
const PROTOCOL = 1

/** Routes about the server and not about anybody's data. All are GET. */
export const META_ROUTES: ReadonlyMap<string, MetaRoute> = new Map<string, MetaRoute>([
  ['/health', () => jsonResponse(200, { status: 'ok' })],
  [
    '/ready',
    (_, { engine, notReady }) => {
      const status = engine.status()
      const reason = notReady() ?? (status.ready ? undefined : status.reason)
      if (reason !== undefined) throw errorFor('unavailable', `not ready: ${reason}`)
      return jsonResponse(200, { status: 'ready' })
    },
  ],
  [
    '/metrics',
    async (request, { metrics, ...parts }) => {
      const principal = await admitTo(parts, request, { access: 'read' })
      const { contentType, text } = await metrics.scrape(principal)
      return { status: 200, headers: { 'content-type': contentType, 'cache-control': 'no-store' }, body: text }
    },
  ],
  [
    '/api/v1/capabilities',
    async (request, { engine, limits, watching, version, ...parts }) => {
      await admitTo(parts, request)
      const { name, durability, keyTtl } = engine.facts
      return jsonResponse(200, {
        version,
        protocol: PROTOCOL,
        engine: { name, durability, keyTtl },
        watch: { transports: ['websocket', 'sse', 'poll'], heartbeatMs: watching.parts.heartbeatMs },
        limits: {
          bodyBytes: limits.bodyBytes,
          headerBytes: limits.headerBytes,
          jsonDepth: limits.jsonDepth,
          maxValueSize: limits.maxValueSize,
          bucketsPerEnvironment: limits.bucketsPerEnvironment,
          pageItems: limits.pageItems,
          subscriptionsPerStream: limits.subscriptionsPerStream,
          filtersPerSubscription: limits.filtersPerSubscription,
        },
      })
    },
  ],
  [
    '/api/v1/openapi.json',
    async (request, { version, ...parts }) => {
      await admitTo(parts, request)
      return jsonResponse(200, openapiDocument(version))
    },
  ],
])

/**
 * Admits the caller to a route about the server. @param right absent: any key will do
 * @throws UnauthenticatedError, UnauthorizedError, `unavailable`
 */
async function admitTo(
  { authenticator, admission }: Pick<MetaParts, 'authenticator' | 'admission'>,
  request: HttpRequest,
  right?: Right,
): Promise<Principal> {
  const keyHash = authenticator.keyHash(bearerKey(request.header(HEADERS.authorization)))
  const { principal } = await admission.admit({ keyHash, mayLackEnvironment: true, right })
  return principal
}
