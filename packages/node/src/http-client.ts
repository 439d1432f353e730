import type { HttpFetch, HttpRequest, HttpResponse } from '@ironflow/core/runtime'
import type { Agent, Dispatcher } from 'undici'
import type { Network } from './network'
import { ACCEPTED_CODINGS, ResponseBody } from './response-body'
import { openTunnel, tunnelTarget } from './tunnel'

/**
 * Returns a function that sends HTTP requests over connections of its own, which are kept and used again: it makes more
 * than twice as many calls as `fetch`, whose streams and headers cost more than the call.
 */
export function httpClient(network: Network): HttpFetch {
  if (process.versions.bun !== undefined) return bunFetch(network)
  let agent: Agent | undefined
  let loading: Promise<Agent> | undefined
  // Loaded with the first call: it takes a tenth of a second, and sets a default for the whole program's `fetch`.
  const load = async () => {
    // By its default export, which is all that bundlers let some chunks have.
    const { default: undici } = await import('undici')
    agent = new undici.Agent({ connect: connectOptions(network) })
    return agent
  }
  return async (url, request) => {
    loading ??= load()
    return send(agent ?? (await loading), url, request)
  }
}

/** Bun has a stand-in for undici that dispatches nothing; its own `fetch` is fast, and takes a proxy and TLS. */
function bunFetch({ proxy, tls }: Network): HttpFetch {
  const options = { proxy: proxy?.href, tls }
  return (url, request) => globalThis.fetch(url, { ...request, ...options })
}

function connectOptions({ proxy, tls }: Network): Agent.Options['connect'] {
  if (!proxy) return tls
  return ({ hostname, port, protocol }, callback) => {
    openTunnel(tunnelTarget(`${protocol}//${hostname}:${port}`), proxy, tls).then(
      (socket) => callback(null, socket),
      (error: Error) => callback(error, null),
    )
  }
}

function send(dispatcher: Dispatcher, url: string, request: HttpRequest): Promise<HttpResponse> {
  const { method, headers, body, signal } = request
  const pathAt = url.indexOf('/', 'https://'.length)
  return new Promise((resolve, reject) => {
    const exchange = new Exchange(signal, resolve, reject)
    const target = { origin: url.slice(0, pathAt), path: url.slice(pathAt) }
    dispatcher.dispatch(
      { ...target, method, headers: { 'accept-encoding': ACCEPTED_CODINGS, ...headers }, body },
      exchange,
    )
  })
}

/** One request and its response, as undici reports them. */
class Exchange implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | undefined
  private body: ResponseBody | undefined

  constructor(
    private readonly signal: AbortSignal,
    private readonly resolve: (response: HttpResponse) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    signal.addEventListener('abort', this)
    if (signal.aborted) this.handleEvent()
  }

  /** The signal aborted. */
  handleEvent(): void {
    const { reason } = this.signal
    this.reject(reason)
    this.controller?.abort(reason)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller
    if (this.signal.aborted) controller.abort(this.signal.reason)
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return // Another one follows.
    const get = (name: string) => headers[name.toLowerCase()]?.toString() ?? null
    const body = new ResponseBody(controller, get('content-encoding')?.toLowerCase())
    this.body = body
    const ok = status >= 200 && status < 300
    this.resolve({ status, ok, headers: { get }, body, text: () => body.text() })
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.body?.data(chunk)
  }

  onResponseEnd(): void {
    this.signal.removeEventListener('abort', this)
    this.body?.end()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.signal.removeEventListener('abort', this)
    this.reject(error)
    this.body?.fail(error)
  }
}
