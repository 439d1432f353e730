import { invalid } from '@ironflow/core/errors'
import { HEADERS } from '@ironflow/core/protocol'
import type { Authenticator } from '../dispatch/authenticate'
import type { Dispatcher } from '../dispatch/dispatch'
import type { Principal } from '../domain/principal'
import type { HttpRequest } from './message'
import type { WatchSubject } from './watch-routes'

/** The caller of a watch, and where it watches. */
export interface Watcher {
  /** Of the key, to be checked again. */
  readonly keyHash: string | undefined
  readonly principal: Principal
  readonly environment: string
}

/** What admitting a watch over HTTP takes. */
export interface WatcherParts {
  readonly authenticator: Authenticator
  readonly dispatcher: Dispatcher
}

/**
 * Has the caller of a watch admitted. Browsers cannot set headers on a WebSocket, nor on an `EventSource`: there the query
 * may name the environment.
 *
 * @param one the one thing that the route watches; absent: a session
 * @throws UnauthenticatedError, UnauthorizedError, `unavailable`; ValidationError for an environment that is none
 */
export async function admitWatcher(
  { authenticator, dispatcher }: WatcherParts,
  request: HttpRequest,
  query: URLSearchParams,
  apiKey: string | undefined,
  one: WatchSubject | undefined,
): Promise<Watcher> {
  const [inHeader, inQuery] = [request.header(HEADERS.environment), query.get('environment') ?? undefined]
  if (inHeader !== undefined && inQuery !== undefined && inHeader !== inQuery) {
    throw invalid({ environment: 'is another one in the query than in the header' })
  }
  const keyHash = authenticator.keyHash(apiKey)
  const admission = await dispatcher.admitWatch(
    { environment: inHeader ?? inQuery, one },
    { keyHash, transport: 'http' },
  )
  if (!admission.ok) throw admission.error
  const { principal, environment } = admission
  return { keyHash, principal, environment }
}
