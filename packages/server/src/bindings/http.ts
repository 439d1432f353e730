import { errorFor, type IronflowError } from '@ironflow/core/errors'
import { decodeRequest, HEADERS, namedEnvironment, rowApplies } from '@ironflow/core/protocol'
import type { Refused } from '../dispatch/admission'
import type { Dispatcher } from '../dispatch/dispatch'
import { failure } from '../dispatch/failure'
import type { Label, Observer } from '../observe/observer'
import { errorResponse, keptEntry, successResponse } from './answer'
import type { Cors } from './cors'
import { bearerKey, consistencyFrom, expectPlainBody, minPositionFrom } from './headers'
import { expectHttpRules } from './http-rules'
import { expectLoopback } from './loopback'
import type { HttpRequest, HttpResponse } from './message'
import { META_ROUTES, type MetaParts } from './meta'
import { requestIdFrom } from './request-id'
import { findRoute, type RouteMatch, type RouteRow } from './routes'
import { parseTarget, type Target } from './target'
import { answerWatch, type WatchBindingParts } from './watch'
import { findWatchRoute } from './watch-routes'

/** What the HTTP binding stands on. */
export interface HttpParts extends MetaParts, WatchBindingParts {
  readonly dispatcher: Dispatcher
  readonly observer: Observer
  readonly cors: Cors
  /** Whether there is no authentication: then only this machine is answered. */
  readonly dev: boolean
}

/** What is known about a request while it is answered; also the answer to one that fails half-way tells it. */
interface Progress {
  readonly requestId: string
  method: Label
  environment?: string | undefined
  error?: IronflowError | undefined
}

/**
 * HTTP, whatever server it came by: a request becomes a `Call`, what became of it becomes a response.
 * {@link handle} never rejects.
 */
export class HttpBinding {
  constructor(private readonly parts: HttpParts) {}

  async handle(request: HttpRequest): Promise<HttpResponse> {
    const startedAt = performance.now()
    const progress: Progress = { requestId: requestIdFrom(request.header(HEADERS.requestId)), method: 'none' }
    let response: HttpResponse
    try {
      response = await this.answer(request, progress)
    } catch (thrown) {
      const error = failure(thrown)
      progress.error = error
      response = errorResponse(error, progress.requestId)
    }
    const { headers, status } = response
    headers[HEADERS.requestId] = progress.requestId
    if (progress.environment !== undefined) headers[HEADERS.environment] = progress.environment
    const { cors } = this.parts
    if (cors.varies) {
      headers.vary = headers.vary === undefined ? 'origin' : `${headers.vary}, origin`
      Object.assign(headers, cors.headers(request))
    }
    this.parts.observer.served({ ...progress, environment: progress.environment, status, startedAt })
    return response
  }

  private answer(request: HttpRequest, progress: Progress): HttpResponse | Promise<HttpResponse> {
    expectHttpRules(request)
    if (this.parts.dev) expectLoopback(request)
    const target = parseTarget(request.target)
    const meta = META_ROUTES.get(target.path)
    const match = meta ? undefined : findRoute(target.path)
    const watch = meta || match ? undefined : findWatchRoute(target.path)
    if (!meta && !match && !watch) throw errorFor('not_found', 'there is no such route')
    const allow = (match ?? watch)?.route.allow ?? 'GET, HEAD, OPTIONS'

    if (request.verb === 'OPTIONS') {
      return { status: 204, headers: { allow, ...this.parts.cors.preflight(request, allow) } }
    }
    if (meta && (request.verb === 'GET' || request.verb === 'HEAD')) {
      progress.method = 'meta'
      return meta(request, this.parts)
    }
    if (watch && request.verb === watch.route.verb) {
      progress.method = 'watch'
      return answerWatch(this.parts, request, watch, target.query, ({ environment }) => {
        progress.environment = environment
      })
    }
    const row = match && chosenRow(match, request, target)
    if (!row) return this.notAllowed(request.verb, allow, progress)
    progress.method = row.method
    return this.call(request, target, match, row, progress)
  }

  private async call(
    request: HttpRequest,
    { query }: Target,
    match: RouteMatch,
    { method, row }: RouteRow,
    progress: Progress,
  ): Promise<HttpResponse> {
    const { authenticator, dispatcher, limits } = this.parts
    const source = { pathParams: match.params, query, header: (name: string) => request.header(name) }
    const environment = namedEnvironment(row, source)
    const keyHash = authenticator.keyHash(bearerKey(request.header(HEADERS.authorization)))
    const caller = { keyHash, transport: 'http', remoteAddress: request.remoteAddress } as const
    const admission = await dispatcher.admit({ method, environment, params: match.params }, caller)
    progress.environment = admission.environment
    // The body of a caller that may not make the call is not read.
    if (!admission.ok) return refusal(admission, progress)
    let body: Uint8Array = NO_BYTES
    if (row.body !== undefined) {
      expectPlainBody(request)
      const read = request.body(limits.bodyBytes)
      body = read instanceof Promise ? await read : read
    }
    const { params } = decodeRequest(row, { ...source, body }, limits)
    const outcome = await dispatcher.perform(
      {
        method,
        params,
        idempotencyKey: request.header(HEADERS.idempotencyKey),
        minPosition: minPositionFrom(request.header(HEADERS.minPosition), HEADERS.minPosition),
        consistency: consistencyFrom(request.header(HEADERS.consistency), HEADERS.consistency),
        requestId: progress.requestId,
        traceparent: request.header(HEADERS.traceparent),
      },
      admission,
    )
    if (!outcome.ok) return refusal(outcome, progress)
    const { answer } = outcome
    const response = successResponse(request, row, answer)
    if (!row.cached) return response
    return { ...response, keep: keptEntry(response, query, outcome.environment, match.params, answer) }
  }

  private notAllowed(verb: string, allow: string, progress: Progress): HttpResponse {
    const error = errorFor('method_not_allowed', `${verb} has no meaning here; ${allow} have`)
    progress.error = error
    const response = errorResponse(error, progress.requestId)
    response.headers.allow = allow
    return response
  }
}

function refusal({ error }: Refused, progress: Progress): HttpResponse {
  progress.error = error
  return errorResponse(error, progress.requestId)
}

const NO_BYTES = new Uint8Array()

/** The row that is meant; HEAD asks for what GET would answer. */
function chosenRow({ route }: RouteMatch, request: HttpRequest, { query }: Target): RouteRow | undefined {
  const verb = request.verb === 'HEAD' ? 'GET' : request.verb
  const header = (name: string) => request.header(name)
  return route.rows.find(({ row }) => row.verb === verb && rowApplies(row, { query, header }))
}
