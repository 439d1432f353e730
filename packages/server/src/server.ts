import type { MethodName, Reply } from '@ironflow/core/protocol'
import { handleFetch } from './bindings/fetch'
import { HttpBinding } from './bindings/http'
import type { Caller, RawCall } from './dispatch/call'
import { ANYBODY } from './domain/principal'
import type { Scrape } from './observe/metrics-exporter'
import { resolveOptions, type ServerOptions } from './options'
import { ServerCore } from './server-core'

/** A server without a socket: bindings bring it requests and calls. Made by {@link createServer}. */
export interface IronflowServer {
  /** Resolves when the first API key is made, where there is one to make; rejects where that failed. */
  readonly ready: Promise<void>
  /** For bindings: the server without its wires. */
  readonly core: ServerCore
  /** For bindings: requests and WebSockets, whatever server they come by. */
  readonly http: HttpBinding
  /** Makes a call. @throws IronflowError, and nothing else */
  dispatch<M extends MethodName>(call: RawCall<M>, caller: Caller): Promise<Reply<M>>
  /** Answers a web-standard request. Never rejects. */
  fetch(request: Request): Promise<Response>
  /** What `/metrics` answers a key that may see everything. @throws unsupported where no `metrics` were given */
  metrics(): Promise<Scrape>
  /** Sends watchers away, and has `/ready` say no, so that proxies stop sending. What comes is still answered. */
  drain(): void
  /** Drains it, and lets go of what it follows. The engine is its maker's to close, after this. */
  close(): Promise<void>
}

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
export function createServer(options: ServerOptions): IronflowServer {
  const core = new ServerCore(resolveOptions(options))
  const http = new HttpBinding(core)
  return {
    ready: core.ready,
    core,
    http,
    dispatch: (call, caller) => core.dispatch(call, caller),
    fetch: (request) => handleFetch(http, request),
    metrics: () => core.metrics.scrape(ANYBODY),
    drain: () => core.drain(),
    close: () => core.close(),
  }
}
