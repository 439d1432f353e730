import { invalid } from '@ironflow/core/errors'
import { HEADERS } from '@ironflow/core/protocol'
import type { Authenticator } from '../dispatch/authenticate'
import { resolveEnvironment } from '../dispatch/environment'
import type { Principal } from '../domain/principal'
import type { HttpRequest } from './message'

/** Who wants to watch, and where. */
export interface Watcher {
  /** Of the key, to be checked again. */
  readonly keyHash: string | undefined
  readonly principal: Principal
  readonly environment: string
}

/** What identifying needs. */
export interface WatcherParts {
  readonly authenticator: Authenticator
  readonly environments: ReadonlySet<string> | undefined
}

/**
 * Finds out who wants to watch. Browsers cannot set headers on a WebSocket, nor on an `EventSource`: there the query may
 * name the environment.
 *
 * @throws UnauthenticatedError, UnauthorizedError, `unavailable`; ValidationError for an environment that is none
 */
export async function identify(
  { authenticator, environments }: WatcherParts,
  request: HttpRequest,
  query: URLSearchParams,
  apiKey: string | undefined,
): Promise<Watcher> {
  const keyHash = authenticator.keyHash(apiKey)
  const principal = await authenticator.verify(keyHash)
  const [inHeader, inQuery] = [request.header(HEADERS.environment), query.get('environment') ?? undefined]
  if (inHeader !== undefined && inQuery !== undefined && inHeader !== inQuery) {
    throw invalid({ environment: 'is another one in the query than in the header' })
  }
  return { keyHash, principal, environment: resolveEnvironment(inHeader ?? inQuery, principal, environments, 'kv') }
}
