import { UnauthorizedError } from '@ironflow/core/errors'
import type { Access, MethodRow } from '@ironflow/core/protocol'
import type { Principal } from '../domain/principal'
import { roleAllows } from '../domain/rights'
import { admits } from '../domain/scopes'

/** What a row of the method table asks of its caller. */
type Right = Pick<MethodRow, 'access' | 'resource' | 'target'>

/**
 * Checks what needs no target: the key's role must allow the access, and, where it has scopes, one of them must be of
 * this kind. That is all for a call about no single thing (a list), whose result is filtered by {@link may}.
 *
 * @throws UnauthorizedError
 */
export function authorize({ role, scopes }: Principal, { access, resource }: Right): void {
  if (!roleAllows(role, access)) {
    throw new UnauthorizedError(`a key of role ${role} has no ${access} access`, 'unauthorized')
  }
  if (scopes && !scopes.some((scope) => scope.access === access && scope.resource === resource)) {
    throw outOfScope(access, resource)
  }
}

/**
 * Checks that the key's scopes admit the one thing the call is about. Parameters are not validated yet: whatever the
 * target is, only a scope that matches its text lets it pass.
 *
 * @throws UnauthorizedError
 */
export function authorizeTarget(
  principal: Principal,
  { access, resource, target }: Right,
  params: Readonly<Record<string, unknown>>,
): void {
  if (target === undefined || !principal.scopes) return
  const name = params[target]
  if (typeof name !== 'string' || !may(principal, access, resource, name)) throw outOfScope(access, resource)
}

function outOfScope(access: Access, resource: string): UnauthorizedError {
  return new UnauthorizedError(`the key has no scope for ${access}:${resource} here`, 'unauthorized')
}

/** Whether the key's scopes admit this one thing; its role is checked already. */
export function may(principal: Principal, access: Access, resource: string, target: string): boolean {
  return principal.scopes?.some((scope) => admits(scope, access, resource, target)) ?? true
}
