import { errorFor } from '@ironflow/core/errors'
import {
  decodeRequest,
  type EnvironmentSource,
  HEADERS,
  type MethodRow,
  namedEnvironment,
  rowApplies,
} from '@ironflow/core/protocol'
import type { CallDetails, Outcome, Progress, RawCall } from '../dispatch/call'
import type { ServerCore } from '../server-core'
import { TurnShare } from '../turn-share'
import { cacheableEntry, errorResponse, successResponse } from './answer'
import { Cors } from './cors'
import { bearerKey, consistencyFrom, expectPlainBody, minPositionFrom } from './headers'
import { expectHttpRules } from './http-rules'
import { expectLoopback } from './loopback'
import type { HttpRequest, HttpResponse } from './message'
import { META_ROUTES } from './meta'
import { PollRoom } from './poll-room'
import { requestIdFrom } from './request-id'
import { findRoute, type RouteMatch, type RouteRow, unknownRoute } from './routes'
import { admitSocket, type SocketAdmission } from './socket-admission'
import { parseTarget, type Target } from './target'
import { answerWatch } from './watch'
import { findWatchRoute } from './watch-routes'

/** Milliseconds that the messages of all WebSockets may take of a turn of the event loop. */
const MESSAGES_MS = 5

/** Facts about a request that come up on its way. */
interface RequestAbout {
  readonly requestId: string
  /** Value of `Allow`, once the route is known. */
  allow?: string
}

/** HTTP, whatever server it came by: a request becomes a `Call`, what became of it becomes a response. */
export class HttpBinding {
  private readonly cors: Cors
  private readonly pollRoom: PollRoom
  /** Time for the messages of all WebSockets. */
  private readonly messageTime = new TurnShare(MESSAGES_MS)

  constructor(readonly core: ServerCore) {
    const { corsOrigins, isOpen, limits, logger } = core.options
    this.cors = new Cors(corsOrigins, isOpen, logger)
    this.pollRoom = new PollRoom(limits)
  }

  /** Answers a request. Never rejects. */
  async handle(request: HttpRequest): Promise<HttpResponse> {
    const { cors } = this
    const { dispatcher } = this.core
    const about: RequestAbout = { requestId: requestIdFrom(request.header(HEADERS.requestId)) }
    const { requestId } = about
    const work = (progress: Progress) => this.answer(request, about, progress)
    const outcome = await dispatcher.observe(requestId, 'none', work, ({ status }) => status)
    const response = outcome.ok ? outcome.result : errorResponse(outcome.error, requestId)
    const { headers, status } = response
    if (status === 405 && about.allow !== undefined) headers.allow = about.allow
    headers[HEADERS.requestId] = requestId
    if (outcome.environment !== undefined) headers[HEADERS.environment] = outcome.environment
    cors.reportRefused(request)
    if (cors.varies) {
      headers.vary = headers.vary === undefined ? 'origin' : `${headers.vary}, origin`
      Object.assign(headers, cors.headers(request))
    }
    return response
  }

  /** Looks whether a request may become a WebSocket. Never rejects: an error is the response in place of the upgrade. */
  admitSocket(request: HttpRequest, requestId: string): Promise<Outcome<SocketAdmission>> {
    const { core, cors, messageTime } = this
    const work = (progress: Progress) => admitSocket({ core, cors, messageTime }, request, progress)
    return core.dispatcher.observe(requestId, 'watch', work, () => 101)
  }

  private answer(request: HttpRequest, about: RequestAbout, progress: Progress): HttpResponse | Promise<HttpResponse> {
    const { core } = this
    expectHttpRules(request)
    if (core.options.isOpen) expectLoopback(request)
    const target = parseTarget(request.target)
    const meta = META_ROUTES.get(target.path)
    const match = meta ? undefined : findRoute(target.path)
    const watch = meta || match ? undefined : findWatchRoute(target.path)
    if (!meta && !match && !watch) throw unknownRoute(target.path)
    const allow = (match ?? watch)?.route.allow ?? 'GET, HEAD, OPTIONS'
    about.allow = allow

    if (request.verb === 'OPTIONS') {
      return { status: 204, headers: { allow, ...this.cors.preflight(request, allow) } }
    }
    if (meta && (request.verb === 'GET' || request.verb === 'HEAD')) {
      progress.label = 'meta'
      return meta(request, core)
    }
    if (watch && request.verb === watch.route.verb) {
      progress.label = 'watch'
      return answerWatch(core, this.pollRoom, request, watch, target.query, progress)
    }
    const row = match && chosenRow(match, request, target)
    if (!row) throw errorFor('method_not_allowed', `method ${request.verb} not allowed; allowed: ${allow}`)
    progress.label = row.method
    return this.call(request, target, match, row, about.requestId, progress)
  }

  private async call(
    request: HttpRequest,
    { query }: Target,
    match: RouteMatch,
    { method, row }: RouteRow,
    requestId: string,
    progress: Progress,
  ): Promise<HttpResponse> {
    const { authenticator, dispatcher } = this.core
    const keyHash = authenticator.keyHash(bearerKey(request.header(HEADERS.authorization)))
    const caller = { keyHash, transport: 'http', remoteAddress: request.remoteAddress } as const
    const source = { pathParams: match.params, query, header: (name: string) => request.header(name) }
    const call: RawCall = {
      method,
      params: match.params,
      environment: namedEnvironment(row, source),
      idempotencyKey: request.header(HEADERS.idempotencyKey),
      requestId,
      traceparent: request.header(HEADERS.traceparent),
      read: () => this.read(request, row, source),
    }
    const answer = await dispatcher.perform(call, caller, progress)
    const response = successResponse(request, row, answer)
    if (!row.cached || progress.environment === undefined) return response
    return { ...response, keep: cacheableEntry(response, query, progress.environment, match.params, answer) }
  }

  /** Reads what the body of a caller that may not make the call is not read for. */
  private async read(request: HttpRequest, row: MethodRow, source: EnvironmentSource): Promise<CallDetails> {
    const { limits } = this.core.options
    let body: Uint8Array = NO_BYTES
    if (row.body !== undefined) {
      expectPlainBody(request)
      const read = request.body(limits.bodyBytes)
      body = read instanceof Promise ? await read : read
    }
    return {
      ...decodeRequest(row, { ...source, body }, limits),
      minPosition: minPositionFrom(request.header(HEADERS.minPosition), HEADERS.minPosition),
      consistency: consistencyFrom(request.header(HEADERS.consistency), HEADERS.consistency),
    }
  }
}

const NO_BYTES = new Uint8Array()

/** The row that is meant; HEAD asks for what GET would answer. */
function chosenRow({ route }: RouteMatch, request: HttpRequest, { query }: Target): RouteRow | undefined {
  const verb = request.verb === 'HEAD' ? 'GET' : request.verb
  const header = (name: string) => request.header(name)
  return route.rows.find(({ row }) => row.verb === verb && rowApplies(row, { query, header }))
}
