import { UnauthorizedError } from '@ironflow/core/errors'
import type { Access, MethodRow } from '@ironflow/core/protocol'
import type { Principal } from '../domain/principal'
import { roleAllows } from '../domain/rights'
import { admits } from '../domain/scopes'

/**
 * Whether a key may make this call: its role must allow the row's access, and, where it has scopes, one of them must
 * admit the thing the call is about. A call about no single thing (a list) needs any scope of that kind, and its answer
 * is filtered by {@link may}. Parameters are not validated yet: whatever the target is, only a scope that matches its
 * text lets it pass.
 *
 * @throws UnauthorizedError
 */
export function authorize(principal: Principal, row: MethodRow, params: Readonly<Record<string, unknown>>): void {
  const { role, scopes } = principal
  if (!roleAllows(role, row.access)) {
    throw new UnauthorizedError(`a key of role ${role} has no ${row.access} access`, 'unauthorized')
  }
  if (!scopes) return
  const target = row.target === undefined ? undefined : params[row.target]
  const allowed =
    row.target === undefined
      ? scopes.some((scope) => scope.access === row.access && scope.resource === row.resource)
      : typeof target === 'string' && may(principal, row.access, row.resource, target)
  if (allowed) return
  throw new UnauthorizedError(`the key has no scope for ${row.access}:${row.resource} here`, 'unauthorized')
}

/** Whether the key's scopes admit this one thing; its role is checked already. */
export function may(principal: Principal, access: Access, resource: string, target: string): boolean {
  return principal.scopes?.some((scope) => admits(scope, access, resource, target)) ?? true
}
