import { invalid } from '@ironflow/core/errors'
import type { HttpRequest } from './message'

/** Host and port as RFC 9110, 7.2, has them, but for commas: several `Host` fields arrive joined by them. */
const HOST = /^(?:[\w.~!$&'()*+;=%-]*|\[[\da-f:.]+\])(?::\d*)?$/i

/** The last one that was found to be right: nearly all requests of a server name the same. */
let lastHost: string | undefined

/** Whether a `Host` names one host. */
export function isHost(host: string): boolean {
  if (host === lastHost) return true
  if (!HOST.test(host)) return false
  lastHost = host
  return true
}

/**
 * Checks what HTTP demands of every request and servers' parsers let pass. A proxy may read such a request otherwise than
 * this server does: route it by another host, or see another body.
 *
 * @throws ValidationError
 */
export function expectHttpRules(request: HttpRequest): void {
  const host = request.header('host')
  if (host !== undefined && !isHost(host)) throw invalid({ host: 'must be one host (RFC 9112, 3.2)' })
  const coding = request.header('transfer-encoding')
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    throw invalid({ 'transfer-encoding': 'must be chunked: no other transfer coding is known' })
  }
}
