import type { ResolvedOptions } from '../options'
import { hasTimedOut } from '../pipeline/deadline'
import type { Platform } from '../platform'
import type { Call, Reply } from '../protocol/call'
import { HEADERS } from '../protocol/headers'
import { type MethodName, type MethodRow, methodRow } from '../protocol/methods'
import { fillPath } from '../protocol/path'
import { encodeRequest } from '../protocol/request'
import { answerError, parseJson, unusable } from './answer'
import type { Credentials } from './credentials'
import type { Caller } from './transport'

type HttpOptions = Pick<ResolvedOptions, 'serverUrls' | 'headers' | 'fetch'>

/** Calls over HTTP, one request each. */
export class HttpTransport implements Caller {
  private active = 0
  /** Where the last attempt of each call went: `active` may have moved on since. */
  private readonly servers = new WeakMap<Call, number>()

  constructor(
    private readonly options: HttpOptions,
    private readonly credentials: Credentials,
    private readonly platform: Pick<Platform, 'clientName' | 'now' | 'networkError'>,
  ) {}

  async call<M extends MethodName>(call: Call<M>, signal: AbortSignal): Promise<Reply<M>> {
    const { verb, target, headers, body } = encodeRequest(call)
    const server = this.active
    if (this.options.serverUrls.length > 1) this.servers.set(call, server)
    const known = this.credentials.key(signal)
    const key = known instanceof Promise ? await known : known
    // Taken out of its object first: the fetch of a browser does not run as a method of another.
    const { fetch } = this.options
    let response: Response
    let text: string
    try {
      response = await fetch(`${this.options.serverUrls[server]}${target}`, {
        method: verb,
        headers: {
          ...this.options.headers,
          ...headers,
          [HEADERS.client]: this.platform.clientName,
          ...(key === undefined ? undefined : { [HEADERS.authorization]: `Bearer ${key}` }),
        },
        body: body as BodyInit | undefined,
        signal,
        // A redirect would take key and body to a server that nobody configured.
        redirect: 'manual',
      })
      text = await response.text()
    } catch (thrown) {
      // A server that only hangs is to be left too; one whose answer nobody waits for any more is not.
      if (!signal.aborted || hasTimedOut(signal)) this.leave(server)
      if (signal.aborted) throw signal.reason
      throw this.platform.networkError(thrown)
    }
    if (response.status === 503) this.leave(server)
    if (response.status === 401) this.credentials.refused(key)
    return read<M>(methodRow(call.method), response, text, this.platform.now())
  }

  endpoint(call: Call): string {
    const { path } = methodRow(call.method)
    const server = this.options.serverUrls[this.servers.get(call) ?? this.active]
    try {
      return server + fillPath(path, call.params as Record<string, unknown>)
    } catch {
      return server + path // The parameters are what is wrong with this call: its route must do.
    }
  }

  close(): void {
    // Nothing is held between calls: those under way are ended through their signals.
  }

  /** The next attempt goes to the next server, unless another call has moved on already. */
  private leave(server: number): void {
    if (this.active === server) this.active = (server + 1) % this.options.serverUrls.length
  }
}

/** The reply in an answer. @throws IronflowError: the one the server sent, or `invalid_response` */
function read<M extends MethodName>(row: MethodRow, response: Response, text: string, now: number): Reply<M> {
  if (!response.ok) throw answerError(response, text, now)
  const revision = integer(response.headers.get(HEADERS.revision))
  const result = response.status === 204 && row.success === 204 ? { revision } : parseJson(text)
  if (typeof result !== 'object' || result === null || Array.isArray(result)) {
    throw unusable(response, text, 'JSON object')
  }
  return {
    result: result as Reply<M>['result'],
    revision,
    environment: response.headers.get(HEADERS.environment) ?? undefined,
  }
}

function integer(header: string | null): number | undefined {
  return header !== null && /^\d{1,16}$/.test(header) ? Number(header) : undefined
}
