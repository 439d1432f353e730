import { hasTimedOut } from '../async/deadline'
import { isRecord } from '../is-record'
import type { HttpResponse } from '../platform'
import type { Call, Reply } from '../protocol/call'
import { HEADERS } from '../protocol/headers'
import { parseJson } from '../protocol/json'
import { type MethodName, type MethodRow, methodRow } from '../protocol/methods'
import { fillPath } from '../protocol/path'
import { encodeRequest } from '../protocol/request'
import type { Link } from './link'
import { responseError, unusableResponse } from './response-error'
import type { CallTransport } from './transport'

/** Calls over HTTP, one request each. */
export class HttpTransport implements CallTransport {
  /** Where the last attempt of each call went: others may have moved on from there since. */
  private readonly servers = new WeakMap<Call, string>()

  constructor(private readonly link: Link) {}

  async call<M extends MethodName>(call: Call<M>, signal: AbortSignal): Promise<Reply<M>> {
    const { link } = this
    const request = encodeRequest(call)
    const known = link.credentials.key(signal)
    const key = known instanceof Promise ? await known : known
    const { server } = link
    this.servers.set(call, server)
    let response: HttpResponse
    let text: string
    try {
      response = await link.send(server, request, key, signal)
      text = await response.text()
    } catch (thrown) {
      if (!signal.aborted) throw link.failure(thrown, server)
      // A server that only hangs is to be left too; one whose response is of no use any more is not.
      if (hasTimedOut(signal)) link.leave(server)
      throw signal.reason
    }
    if (response.status === 304 && call.known) return { ...about(response), result: call.known }
    const now = link.platform.now()
    if (!response.ok) throw link.refusal(responseError(response, text, now), key, server)
    return read<M>(methodRow(call.method), response, text)
  }

  endpoint(call: Call): string {
    const { path } = methodRow(call.method)
    const server = this.servers.get(call) ?? this.link.server
    try {
      return server + fillPath(path, call.params as Record<string, unknown>)
    } catch {
      return server + path // The parameters are what is wrong with this call: its route must do.
    }
  }

  close(): void {
    // Nothing is held between calls: those under way are ended through their signals.
  }
}

/** Returns the reply in a response of success. @throws IronflowError `invalid_response` */
function read<M extends MethodName>(row: MethodRow, response: HttpResponse, text: string): Reply<M> {
  const reply = about(response)
  const { revision, epoch } = reply
  const result = response.status === 204 && row.success === 204 ? { revision, epoch } : parseJson(text)
  if (!isRecord(result)) throw unusableResponse(response, text, 'JSON object')
  return { ...reply, result: result as Reply<M>['result'] }
}

/** What the headers of a response say about its reply. */
function about({ headers }: Pick<HttpResponse, 'headers'>): Omit<Reply, 'result'> {
  return {
    revision: integer(headers.get(HEADERS.revision)),
    epoch: headers.get(HEADERS.epoch) ?? undefined,
    environment: headers.get(HEADERS.environment) ?? undefined,
  }
}

function integer(header: string | null): number | undefined {
  return header !== null && /^\d{1,16}$/.test(header) ? Number(header) : undefined
}
