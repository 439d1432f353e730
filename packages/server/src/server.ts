import type { MethodName, Reply } from '@ironflow/core/protocol'
import { Cors } from './bindings/cors'
import { handleFetch } from './bindings/fetch'
import { HttpBinding } from './bindings/http'
import type { HttpRequest, HttpResponse } from './bindings/message'
import { PollRoom } from './bindings/poll-room'
import { admitSocket, type SocketAdmission } from './bindings/socket-admission'
import { Admission } from './dispatch/admission'
import { Authenticator } from './dispatch/authenticate'
import type { Caller, Outcome, Progress, RawCall } from './dispatch/call'
import { Dispatcher } from './dispatch/dispatch'
import { createHandlers } from './dispatch/handlers'
import { Idempotency } from './dispatch/idempotency'
import { ApiKeys } from './domain/api-keys'
import { bootstrap } from './domain/bootstrap'
import { Buckets } from './domain/buckets'
import { KeyedQueue } from './domain/commit'
import { ConfigDocuments } from './domain/config'
import { KeyValues } from './domain/kv'
import { PageReader } from './domain/page'
import { ANYBODY } from './domain/principal'
import { noMetrics, type Scrape } from './observe/metrics-exporter'
import { Observer } from './observe/observer'
import { RequestStats } from './observe/request-stats'
import { WatchStats } from './observe/watch-stats'
import { type ResolvedOptions, resolveOptions, type ServerOptions } from './options'
import { TurnShare } from './turn-share'
import { Turns } from './turns'
import { Hub } from './watch/hub'
import { Watching } from './watch/watching'

/** A server without a socket: bindings bring it requests and calls. Made by {@link createServer}. */
export interface IronflowServer {
  /** Resolves when the first API key is made, where there is one to make; rejects where that failed. */
  readonly ready: Promise<void>
  readonly options: ResolvedOptions
  /** For bindings that take a shorter way than {@link handle}. */
  readonly dispatcher: Dispatcher
  readonly authenticator: Authenticator
  readonly observer: Observer
  /** Makes a call. @throws IronflowError, and nothing else */
  dispatch<M extends MethodName>(call: RawCall<M>, caller: Caller): Promise<Reply<M>>
  /** Answers an HTTP request, whatever server it came by. Never rejects. */
  handle(request: HttpRequest): Promise<HttpResponse>
  /** Answers a web-standard request. Never rejects. */
  fetch(request: Request): Promise<Response>
  /** For bindings that carry sessions. */
  readonly watching: Watching
  /** Looks whether a request may become a WebSocket. Never rejects: an error is the response in place of the upgrade. */
  admitSocket(request: HttpRequest, requestId: string): Promise<Outcome<SocketAdmission>>
  /** What `/metrics` answers a key that may see everything. @throws unsupported where no `metrics` were given */
  metrics(): Promise<Scrape>
  /** `/ready` says no from now on, so that nobody sends more; what comes is answered still. Who watches is sent away. */
  drain(): void
  /** Lets go of what it follows. The engine is its maker's to close, after this. */
  close(): Promise<void>
}

/** What the messages of all WebSockets may take of a turn of the event loop, in milliseconds. */
const MESSAGES_MS = 5

/**
 * Makes a server on an engine.
 *
 * @throws ValidationError naming each option that cannot be used
 * @example
 * ```ts
 * const server = createServer({ engine: createMemoryEngine({ bucketDefaults: bucketDefaults() }), auth: 'none' })
 * const response = await server.fetch(new Request('http://localhost/api/v1/config'))
 * ```
 */
export function createServer(serverOptions: ServerOptions): IronflowServer {
  const options = resolveOptions(serverOptions)
  const { engine, limits, heartbeatMs, now, logger, environments, auth, commits, corsOrigins, version } = options
  const apiKeys = new ApiKeys(engine, now, environments)
  const ready = auth === 'none' ? Promise.resolve() : start(options, apiKeys)
  const queue = new KeyedQueue(limits)
  const buckets = new Buckets(engine, queue, limits)
  // With turns of their own: a list does not wait until a crowd of watchers has caught up.
  const pages = new PageReader()
  const authenticator = new Authenticator({
    engine,
    apiKeys,
    auth,
    cachedKeys: limits.cachedKeys,
    now,
    bootstrapped: ready,
  })
  const admission = new Admission({ authenticator, environments })
  const requests = new RequestStats()
  const observer = new Observer(requests, logger)
  const dispatcher = new Dispatcher({
    admission,
    observer,
    idempotency: new Idempotency(limits),
    handlers: createHandlers({
      engine,
      limits,
      config: new ConfigDocuments(engine, queue, limits, pages),
      kv: new KeyValues(engine, buckets, limits, pages),
      buckets,
      apiKeys,
    }),
    limits,
    now,
  })
  const watches = new WatchStats()
  const metrics =
    options.metrics?.({ engine, requests, commits, watches, maxBuckets: limits.metricsBuckets }) ?? noMetrics
  const hub = new Hub(engine)
  const watching = new Watching(
    { engine, hub, turns: new Turns(), limits, stats: watches, heartbeatMs, now },
    authenticator,
  )
  const dev = auth === 'none'
  const cors = new Cors(corsOrigins, dev, logger)
  const pollRoom = new PollRoom(limits)
  const messageTime = new TurnShare(MESSAGES_MS)
  const shared = { dispatcher, authenticator, watching, limits, cors, dev, messageTime, pollRoom }

  let notReady: string | undefined = 'starting'
  ready.then(
    () => {
      if (notReady === 'starting') notReady = undefined
    },
    (error: unknown) => {
      notReady = 'the first API key could not be made'
      logger.error({ err: error }, notReady)
    },
  )
  const http = new HttpBinding({
    ...shared,
    admission,
    engine,
    metrics,
    version,
    notReady: () => notReady,
  })

  return {
    ready,
    options,
    dispatcher,
    authenticator,
    observer,
    dispatch: (call, caller) => dispatchCall(dispatcher, call, caller),
    handle: (request) => http.handle(request),
    fetch: (request) => handleFetch(http, request, limits),
    watching,
    admitSocket: (request, requestId) => {
      const work = (progress: Progress) => admitSocket(shared, request, progress)
      return dispatcher.observe(requestId, 'watch', work, () => 101)
    },
    metrics: () => metrics.scrape(ANYBODY),
    drain: () => {
      notReady = 'shutting down'
      watching.drain()
    },
    close: async () => {
      notReady = 'shutting down'
      watching.drain()
      authenticator.close()
    },
  }
}

/** A call of this process's own, whose outcome is returned or thrown. */
async function dispatchCall<M extends MethodName>(
  dispatcher: Dispatcher,
  call: RawCall<M>,
  caller: Caller,
): Promise<Reply<M>> {
  const outcome = await dispatcher.run(call, caller)
  if (!outcome.ok) throw outcome.error
  const { result, position } = outcome.result
  return { result, ...position, environment: outcome.environment }
}

function start({ engine, bootstrapKey, onBootstrapKey, now }: ResolvedOptions, apiKeys: ApiKeys): Promise<void> {
  return bootstrap(engine, apiKeys, { key: bootstrapKey, onKey: onBootstrapKey, now })
}
