import { type IronflowError, invalid, UnauthorizedError } from '@ironflow/core/errors'
import { environmentRule } from '@ironflow/core/protocol'
import type { Principal } from '../domain/principal'
import { reaches } from '../domain/rights'
import { unknownEnvironment } from '../domain/wording'

const DEFAULT_ENVIRONMENT = 'default'

/** The one environment that a request is about: the one it names, else the key's own, else `default`. */
export function environmentFor(named: string | undefined, { environment }: Principal): string {
  return named ?? environment ?? DEFAULT_ENVIRONMENT
}

/**
 * Returns why a caller may not have an environment: a ValidationError for a name that is none, or not known; an
 * UnauthorizedError where the key is for another one. `undefined`: it may.
 *
 * @param known the only ones there are; absent: any
 * @param mayLack whether the request may name none, also where `default` is not known: one about the whole project
 */
export function environmentProblem(
  environment: string,
  named: string | undefined,
  principal: Principal,
  known: ReadonlySet<string> | undefined,
  mayLack: boolean,
): IronflowError | undefined {
  const problem = named === undefined ? undefined : environmentRule(named)
  if (problem) return invalid({ environment: problem })
  if (!reaches(principal, environment)) {
    return new UnauthorizedError(
      `the key is for another environment than "${environment}"; use its own, or another key`,
      'unauthorized',
    )
  }
  if (!known || known.has(environment) || (mayLack && named === undefined)) return undefined
  return invalid({ environment: unknownEnvironment(environment, known) })
}
