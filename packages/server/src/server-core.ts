import type { MethodName, Reply } from '@ironflow/core/protocol'
import { Admission } from './dispatch/admission'
import { Authenticator } from './dispatch/authenticate'
import type { Caller, RawCall } from './dispatch/call'
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
import { type MetricsExporter, noMetrics } from './observe/metrics-exporter'
import { Observer } from './observe/observer'
import { RequestStats } from './observe/request-stats'
import { WatchStats } from './observe/watch-stats'
import type { ResolvedOptions } from './options'
import { Turns } from './turns'
import { Hub } from './watch/hub'
import { Watching } from './watch/watching'

/** A server without its wires: everything that bindings stand on. */
export class ServerCore {
  /** Resolves when the first API key is made, where there is one to make; rejects where that failed. */
  readonly ready: Promise<void>
  readonly authenticator: Authenticator
  readonly admission: Admission
  readonly dispatcher: Dispatcher
  readonly watching: Watching
  readonly observer: Observer
  readonly metrics: MetricsExporter
  private unreadiness: string | undefined = 'starting'

  constructor(readonly options: ResolvedOptions) {
    const { engine, limits, now, logger, isOpen, commits, environments, heartbeatMs } = options
    const apiKeys = new ApiKeys(engine, now, environments)
    this.ready = isOpen ? Promise.resolve() : makeFirstKey(options, apiKeys)
    const { cachedKeys } = limits
    this.authenticator = new Authenticator({ engine, apiKeys, isOpen, cachedKeys, now, bootstrapped: this.ready })
    this.admission = new Admission({ authenticator: this.authenticator, environments })
    const requests = new RequestStats()
    this.observer = new Observer(requests, logger)
    this.dispatcher = new Dispatcher({
      admission: this.admission,
      observer: this.observer,
      idempotency: new Idempotency(limits),
      handlers: createHandlers(domainOf(options, apiKeys)),
      limits,
      now,
    })
    const watches = new WatchStats()
    const maxBuckets = limits.metricsBuckets
    this.metrics = options.metrics?.({ engine, requests, commits, watches, maxBuckets }) ?? noMetrics
    this.watching = new Watching(
      { engine, hub: new Hub(engine), turns: new Turns(), limits, stats: watches, heartbeatMs, now },
      this.authenticator,
    )
    this.ready.then(
      () => {
        if (this.unreadiness === 'starting') this.unreadiness = undefined
      },
      (error: unknown) => {
        this.unreadiness = 'the first API key could not be made'
        logger.error({ err: error }, this.unreadiness)
      },
    )
  }

  /** Returns why the server does not serve yet, or no more; `undefined`: it serves. */
  notReady(): string | undefined {
    const status = this.options.engine.status()
    return this.unreadiness ?? (status.ready ? undefined : status.reason)
  }

  /** Makes a call of this process's own. @throws IronflowError, and nothing else */
  async dispatch<M extends MethodName>(call: RawCall<M>, caller: Caller): Promise<Reply<M>> {
    const outcome = await this.dispatcher.run(call, caller)
    if (!outcome.ok) throw outcome.error
    const { result, position } = outcome.result
    return { result, ...position, environment: outcome.environment }
  }

  /** Sends watchers away, and has `/ready` say no, so that proxies stop sending. What comes is still answered. */
  drain(): void {
    this.unreadiness = 'shutting down'
    this.watching.drain()
  }

  /** Drains it, and lets go of what it follows. The engine is its maker's to close, after this. */
  async close(): Promise<void> {
    this.drain()
    this.authenticator.close()
  }
}

function domainOf({ engine, limits }: ResolvedOptions, apiKeys: ApiKeys) {
  const queue = new KeyedQueue(limits)
  const buckets = new Buckets(engine, queue, limits)
  // With turns of their own: a list does not wait until a crowd of watchers has caught up.
  const pages = new PageReader()
  const config = new ConfigDocuments(engine, queue, limits, pages)
  return { engine, limits, config, kv: new KeyValues(engine, buckets, limits, pages), buckets, apiKeys }
}

function makeFirstKey({ engine, bootstrapKey, onBootstrapKey, now }: ResolvedOptions, apiKeys: ApiKeys): Promise<void> {
  return bootstrap(engine, apiKeys, { key: bootstrapKey, onKey: onBootstrapKey, now })
}
