import { type Access, ROLES, type Role } from '@ironflow/core/protocol'
import type { Principal } from './principal'
import { type Scope, scopesCover } from './scopes'

/** What a key may do, as far as it does not depend on the time. */
export type Rights = Pick<Principal, 'role' | 'environment' | 'scopes'>

/** Returns whether keys of a role may have this access. */
export function roleAllows(role: Role, access: Access): boolean {
  const accesses: readonly Access[] = ROLES[role]
  return accesses.includes(access)
}

/**
 * Returns whether `wide` may do everything that `narrow` may. Every key covers itself, and what covers a key covers
 * what that key covers. A key with scopes covers none without: scopes that name all there is today do not name what
 * there will be.
 */
export function covers(wide: Rights, narrow: Rights): boolean {
  return excessOf(narrow, wide) === undefined
}

/** Returns the first aspect in which `wanted` reaches beyond `bound`, or `undefined` if `bound` covers it. */
export function excessOf(wanted: Rights, bound: Rights): keyof Rights | undefined {
  if (!ROLES[wanted.role].every((access) => roleAllows(bound.role, access))) return 'role'
  if (bound.environment !== undefined && wanted.environment !== bound.environment) return 'environment'
  const { scopes } = bound
  const isWithin = !scopes || wanted.scopes?.every((scope: Scope) => scopesCover(scopes, scope))
  return isWithin ? undefined : 'scopes'
}
