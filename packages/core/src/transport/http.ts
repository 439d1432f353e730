import { IronflowError } from '../errors/ironflow-error'
import { fromProblem } from '../errors/problem'
import type { ResolvedOptions } from '../options'
import { hasTimedOut } from '../pipeline/deadline'
import type { Platform } from '../platform'
import type { Call, Reply } from '../protocol/call'
import { HEADERS } from '../protocol/headers'
import { type MethodName, type MethodRow, methodRow } from '../protocol/methods'
import { fillPath } from '../protocol/path'
import { encodeRequest } from '../protocol/request'
import type { Credentials } from './credentials'
import type { Transport } from './transport'

type HttpOptions = Pick<ResolvedOptions, 'serverUrls' | 'headers' | 'fetch'>

/** Calls over HTTP, one request each. */
export class HttpTransport implements Transport {
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
  const requestId = response.headers.get(HEADERS.requestId) ?? undefined
  if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
    const location = response.headers.get('location')
    throw new IronflowError(
      `the server redirects${location ? ` to ${location}` : ''}: set serverUrl to where it really is`,
      'invalid_response',
      { status: response.status, requestId, cause: received(response, text) },
    )
  }
  const body = parse(text)
  if (!response.ok) {
    const wait = retryAfterMs(response.headers.get(HEADERS.retryAfter), now)
    const cause = body === undefined ? received(response, text) : undefined
    throw fromProblem(body, response.status, { requestId, retryAfterMs: wait, cause })
  }

  const revision = integer(response.headers.get(HEADERS.revision))
  const result = response.status === 204 && row.success === 204 ? { revision } : body
  if (typeof result !== 'object' || result === null || Array.isArray(result)) {
    const type = response.headers.get(HEADERS.contentType) ?? 'no content type'
    throw new IronflowError(
      `the answer is no JSON object (${type}): is serverUrl an Ironflow server?`,
      'invalid_response',
      { status: response.status, requestId, cause: received(response, text) },
    )
  }
  return {
    result: result as Reply<M>['result'],
    revision,
    environment: response.headers.get(HEADERS.environment) ?? undefined,
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // Not JSON: the caller says so, with what the headers tell.
  }
}

/** What came instead of an answer of ours, for people: the cause of the error that says so. */
function received(response: Response, text: string): Error {
  const type = response.headers.get(HEADERS.contentType) ?? 'no content type'
  return new Error(`received HTTP ${response.status}, ${type}: ${text.slice(0, 200) || '(empty)'}`)
}

function integer(header: string | null): number | undefined {
  return header !== null && /^\d{1,16}$/.test(header) ? Number(header) : undefined
}

/** `Retry-After` is either seconds or a date (RFC 9110, 10.2.3). */
function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}
