import { invalid, UnauthorizedError } from '@ironflow/core/errors'
import { environmentRule, type Resource } from '@ironflow/core/protocol'
import type { Principal } from '../domain/principal'

const DEFAULT_ENVIRONMENT = 'default'

/**
 * The one environment a call is about: the one it names, else the key's own, else `default`.
 *
 * @param known the only ones there are; absent: any. A call about the whole server has no use for one and may leave it
 * out, also where `default` is not known.
 * @throws ValidationError for a name that is none, or not known; UnauthorizedError where the key is for another one
 */
export function resolveEnvironment(
  named: string | undefined,
  principal: Principal,
  known: ReadonlySet<string> | undefined,
  resource: Resource,
): string {
  const environment = named ?? principal.environment ?? DEFAULT_ENVIRONMENT
  if (named !== undefined) {
    const problem = environmentRule(named)
    if (problem) throw invalid({ environment: problem })
  }
  if (principal.environment !== undefined && environment !== principal.environment) {
    throw new UnauthorizedError(`the key is for another environment than ${environment}`, 'unauthorized')
  }
  const isServerWide = resource === 'apikeys' || resource === 'environments'
  if (known && !known.has(environment) && !(isServerWide && named === undefined)) {
    throw invalid({ environment: `${environment} is not one of this server's environments` })
  }
  return environment
}
