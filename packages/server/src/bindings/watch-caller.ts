import { HEADERS, oneEnvironment } from '@ironflow/core/protocol'
import type { Progress } from '../dispatch/call'
import type { Principal } from '../domain/principal'
import type { ServerCore } from '../server-core'
import type { HttpRequest } from './message'
import type { WatchSubject } from './watch-routes'

/** The caller of a watch, and where it watches. */
export interface WatchCaller {
  /** Of the key, to be checked again. */
  readonly keyHash: string | undefined
  readonly principal: Principal
  readonly environment: string
}

/**
 * Has the caller of a watch admitted. Browsers cannot set headers on a WebSocket, nor on an `EventSource`: there the query
 * may name the environment.
 *
 * @param one the one thing that the route watches; absent: a session
 * @throws UnauthenticatedError, UnauthorizedError, `unavailable`; ValidationError for an environment that is none
 */
export async function admitWatchCaller(
  { authenticator, dispatcher }: ServerCore,
  request: HttpRequest,
  query: URLSearchParams,
  apiKey: string | undefined,
  one: WatchSubject | undefined,
  progress: Progress,
): Promise<WatchCaller> {
  const inQuery = query.get('environment') ?? undefined
  const environment = oneEnvironment(request.header(HEADERS.environment), inQuery, 'query')
  const keyHash = authenticator.keyHash(apiKey)
  return { keyHash, ...(await dispatcher.admitWatch({ environment, one }, { keyHash, transport: 'http' }, progress)) }
}
