import { type IronflowError, isIronflowError } from '../errors/ironflow-error'
import type { ResolvedOptions } from '../options'
import type { Platform } from '../platform'
import { HEADERS } from '../protocol/headers'
import { stringify } from '../protocol/json'
import { answerError } from './answer'
import type { Credentials } from './credentials'
import type { ConnectionSession } from './transport'

/** What connections are made from. Of several servers, the next one is tried when one cannot be reached. */
export class Link {
  private active = 0

  constructor(
    readonly options: Pick<ResolvedOptions, 'serverUrls' | 'headers' | 'fetch'>,
    readonly credentials: Credentials,
    readonly platform: Pick<Platform, 'clientName' | 'now' | 'networkError' | 'openSocket' | 'setTimer'>,
  ) {}

  /** The server that connections go to now. */
  get server(): string {
    return this.options.serverUrls[this.active] as string
  }

  /** The next connection goes to the next server. */
  leave(): void {
    this.active = (this.active + 1) % this.options.serverUrls.length
  }

  /** What every request carries, besides what is about the request. */
  headers(environment: string | undefined): Record<string, string> {
    const headers = { ...this.options.headers, [HEADERS.client]: this.platform.clientName }
    return environment === undefined ? headers : { ...headers, [HEADERS.environment]: environment }
  }

  /**
   * Asks to be told of what the session follows. Rejects with the `IronflowError` that says why not, also while the body
   * is read: see {@link failure}.
   */
  async watch(
    session: Pick<ConnectionSession, 'environment' | 'subscriptions'>,
    accept: string,
    query: string,
    signal: AbortSignal,
    key: string | undefined,
  ): Promise<Response> {
    const { fetch } = this.options
    const response = await fetch(`${this.server}/api/v1/watch${query}`, {
      method: 'POST',
      headers: {
        ...this.headers(session.environment),
        [HEADERS.contentType]: 'application/json',
        accept,
        ...(key === undefined ? undefined : { [HEADERS.authorization]: `Bearer ${key}` }),
      },
      body: stringify({ subscriptions: session.subscriptions() }),
      signal,
      redirect: 'manual',
    })
    if (response.ok) return response
    throw this.refusal(answerError(response, await response.text(), this.platform.now()), key)
  }

  /** Draws the consequences of an answer that says no. Answers the same error. */
  refusal(error: IronflowError, key: string | undefined): IronflowError {
    if (error.status === 401) this.credentials.refused(key)
    if (error.status === 503) this.leave()
    return error
  }

  /** What was thrown while connecting or reading, as an `IronflowError`. */
  failure(thrown: unknown): IronflowError {
    if (isIronflowError(thrown)) return thrown
    this.leave()
    return this.platform.networkError(thrown)
  }
}
