import { type IronflowError, UnauthorizedError } from '@ironflow/core/errors'
import type { Subscription } from '@ironflow/core/protocol'
import { may } from '../dispatch/authorize'
import type { Principal } from '../domain/principal'

/**
 * Whether a key may watch something at all. For events it is enough that it may read some document: each event is
 * judged by the document it is about.
 *
 * @throws UnauthorizedError
 */
export function expectRight(principal: Principal, { kind, target }: Pick<Subscription, 'kind' | 'target'>): void {
  if (kind !== 'events') {
    if (!may(principal, 'read', kind, target)) throw noRight(kind, target)
    return
  }
  const { scopes } = principal
  const isReader = scopes?.some(({ access, resource }) => access === 'read' && resource === 'config') ?? true
  if (!isReader) throw noRight('config', '*')
}

/** Why a key may not watch something. */
export function noRight(resource: string, target: string): IronflowError {
  return new UnauthorizedError(`the key has no scope for read:${resource}:${target}`, 'unauthorized')
}
