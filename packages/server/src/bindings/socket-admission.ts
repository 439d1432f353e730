import { invalid, UnauthorizedError } from '@ironflow/core/errors'
import { HEADERS, SUBPROTOCOL } from '@ironflow/core/protocol'
import type { Progress } from '../dispatch/call'
import type { Cors } from './cors'
import { bearerKey } from './headers'
import { expectHttpRules } from './http-rules'
import { expectLoopback } from './loopback'
import type { HttpRequest } from './message'
import { unknownRoute } from './routes'
import type { SocketPeer } from './socket-peer'
import { parseTarget } from './target'
import { admitWatchCaller, type WatchCaller } from './watch-caller'
import { findWatchRoute, subjectOf, subscriptionOf, watchQuery } from './watch-routes'
import { type SocketParts, SocketSession } from './websocket'

/** What admission stands on. */
export interface SocketAdmissionParts extends SocketParts {
  readonly cors: Cors
}

/** A WebSocket that may be opened. */
export interface SocketAdmission {
  readonly caller: WatchCaller
  open(peer: SocketPeer): SocketSession
}

/**
 * Decides whether a request may become a WebSocket. Browsers say in `Origin` which page asks, and send no preflight: the
 * list that is for other requests is kept here.
 *
 * @throws IronflowError, to be answered in place of the upgrade
 */
export async function admitSocket(
  parts: SocketAdmissionParts,
  request: HttpRequest,
  progress: Progress,
): Promise<SocketAdmission> {
  expectHttpRules(request)
  const { core, cors } = parts
  if (core.options.isOpen) expectLoopback(request)
  const target = parseTarget(request.target)
  const match = findWatchRoute(target.path)
  if (match?.route.verb !== 'GET') throw unknownRoute(target.path)
  const origin = request.header('origin')
  if (origin !== undefined && !cors.allows(origin)) {
    cors.reportRefused(request)
    throw new UnauthorizedError(
      `pages of ${origin} may not connect; add it to the server's option corsOrigins`,
      'unauthorized',
    )
  }
  const query = watchQuery(match.route, target.query)
  const apiKey = bearerKey(request.header(HEADERS.authorization)) ?? subprotocolKey(request)
  const caller = await admitWatchCaller(core, request, query, apiKey, subjectOf(match, query), progress)
  const one = subscriptionOf(match, query, undefined)
  core.watching.admit(caller.keyHash)
  return { caller, open: (peer) => new SocketSession(parts, peer, caller, one, request.remoteAddress) }
}

/** The key that a browser put beside the subprotocol, since it cannot set headers. @throws ValidationError */
function subprotocolKey(request: HttpRequest): string | undefined {
  const header = request.header('sec-websocket-protocol')
  if (header === undefined) return undefined
  const offered = header.split(',').map((each) => each.trim())
  if (!offered.includes(SUBPROTOCOL)) throw invalid({ 'sec-websocket-protocol': `must offer ${SUBPROTOCOL}` })
  const bearer = offered.find((each) => each.startsWith('bearer.'))?.slice('bearer.'.length)
  if (bearer === undefined) return undefined
  try {
    return atob(bearer.replaceAll('-', '+').replaceAll('_', '/'))
  } catch {
    throw invalid({ 'sec-websocket-protocol': 'must have the key as bearer.<base64url>' })
  }
}
