import { errorFor } from '@ironflow/core/errors'
import { HEADERS, PROTOCOL_VERSION } from '@ironflow/core/protocol'
import type { Principal } from '../domain/principal'
import type { Right } from '../domain/rights'
import { openapiDocument } from '../openapi/document'
import type { ServerCore } from '../server-core'
import { jsonResponse } from './answer'
import { bearerKey } from './headers'
import type { HttpRequest, HttpResponse } from './message'
import { startPage } from './start-page'

type MetaRoute = (request: HttpRequest, core: ServerCore) => HttpResponse | Promise<HttpResponse>

/** Routes about the server and not about anybody's data. All are GET. */
export const META_ROUTES: ReadonlyMap<string, MetaRoute> = new Map<string, MetaRoute>([
  ['/', (request, { options }) => startPage(request, !options.isOpen)],
  ['/health', () => jsonResponse(200, { status: 'ok' })],
  [
    '/ready',
    (_, core) => {
      const reason = core.notReady()
      if (reason !== undefined) throw errorFor('unavailable', `not ready: ${reason}`)
      return jsonResponse(200, { status: 'ready' })
    },
  ],
  [
    '/metrics',
    async (request, core) => {
      const principal = await admitTo(core, request, { access: 'read' })
      const { contentType, text } = await core.metrics.scrape(principal)
      return { status: 200, headers: { 'content-type': contentType, 'cache-control': 'no-store' }, body: text }
    },
  ],
  [
    '/api/v1/capabilities',
    async (request, core) => {
      await admitTo(core, request)
      const { engine, limits, heartbeatMs, version } = core.options
      const { name, durability, keyTtl } = engine.facts
      return jsonResponse(200, {
        version,
        protocol: PROTOCOL_VERSION,
        engine: { name, durability, keyTtl },
        watch: { transports: ['websocket', 'sse', 'poll'], heartbeatMs },
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
    async (request, core) => {
      await admitTo(core, request)
      return jsonResponse(200, openapiDocument(core.options.version))
    },
  ],
])

/**
 * Admits the caller to a route about the server. @param right absent: any right will do
 * @throws UnauthenticatedError, UnauthorizedError, `unavailable`
 */
async function admitTo(
  { authenticator, admission }: ServerCore,
  request: HttpRequest,
  right?: Right,
): Promise<Principal> {
  const keyHash = authenticator.keyHash(bearerKey(request.header(HEADERS.authorization)))
  const { principal } = await admission.admit({ keyHash, mayLackEnvironment: true, right })
  return principal
}
