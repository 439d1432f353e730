import { type IronflowError, isIronflowError } from '../errors/ironflow-error'
import type { HttpFetch, HttpRequest, HttpResponse, Platform } from '../platform'
import { HEADERS } from '../protocol/headers'
import type { EncodedRequest } from '../protocol/request'
import type { Credentials } from './credentials'

/** Options of a {@link Link}, each decided. */
export interface LinkOptions {
  /** Absolute URLs without a slash at the end; at least one. */
  readonly serverUrls: readonly string[]
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>
  readonly fetch: HttpFetch
}

/**
 * The way of one client to its servers, for calls and for connections alike: of several servers, the next one is tried
 * when one is no good, whichever of them found out.
 */
export class Link {
  private active = 0

  constructor(
    private readonly options: LinkOptions,
    readonly credentials: Credentials,
    readonly platform: Platform,
  ) {}

  /** The server to ask now. */
  get server(): string {
    return this.options.serverUrls[this.active] as string
  }

  /** Moves on to the next server, unless another call or connection has moved on from this one already. */
  leave(server: string): void {
    if (server === this.server) this.active = (this.active + 1) % this.options.serverUrls.length
  }

  /** The headers of every request, besides the key. */
  get headers(): Record<string, string> {
    return { ...this.options.headers, [HEADERS.client]: this.platform.clientName }
  }

  /** Sends a request. Throws what `fetch` throws: see {@link failure}. */
  send(
    server: string,
    { verb, target, headers, body }: EncodedRequest,
    key: string | undefined,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    // Taken out of its object first: the fetch of a browser does not run as a method of another.
    const { fetch } = this.options
    return fetch(server + target, {
      method: verb,
      headers: {
        ...this.headers,
        ...headers,
        ...(key === undefined ? undefined : { [HEADERS.authorization]: `Bearer ${key}` }),
      },
      body: body as HttpRequest['body'],
      signal,
      redirect: 'manual',
    })
  }

  /** Draws the consequences of a response that says no. Returns the same error. */
  refusal(error: IronflowError, key: string | undefined, server: string): IronflowError {
    if (error.status === 401) this.credentials.refused(key)
    if (error.status === 503) this.leave(server)
    return error
  }

  /** Returns what was thrown while connecting or reading as an `IronflowError`. */
  failure(thrown: unknown, server: string): IronflowError {
    if (isIronflowError(thrown)) return thrown
    this.leave(server)
    return this.platform.networkError(thrown, server)
  }
}
