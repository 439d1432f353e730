import { type Access, type Resource, ROLES, type Role } from '@ironflow/core/protocol'
import type { Principal } from './principal'
import { admits, type Scope, scopesCover } from './scopes'

/** What a key may do, as far as it does not depend on the time. */
export type Rights = Pick<Principal, 'role' | 'environment' | 'scopes'>

/** Something that a caller wants to do. A resource or a target that is left out stands for any one of them. */
export interface Right {
  readonly access: Access
  readonly resource?: Resource | undefined
  readonly target?: string | undefined
}

/** The target that stands for all there are: only a scope with the name `*` admits it. */
export const ALL_TARGETS = ''

/**
 * Returns whether a caller may do something: its role must allow the access, and, where it has scopes, one of them must
 * admit it. The only decision about rights there is: calls, watches and each of their frames, cached reads, lists and
 * metrics ask it.
 */
export function allows(
  { role, scopes }: Pick<Rights, 'role' | 'scopes'>,
  access: Access,
  resource?: Resource,
  target?: string,
): boolean {
  if (!roleAllows(role, access)) return false
  return scopes === undefined || scopes.some((scope) => admits(scope, access, resource, target))
}

/** Returns whether a caller may do anything: not if its role allows nothing, or its scopes none of that. */
export function allowsAnything(rights: Pick<Rights, 'role' | 'scopes'>): boolean {
  return ROLES[rights.role].some((access) => allows(rights, access))
}

/** Returns whether a caller's key is for this environment, or for all. */
export function reaches({ environment }: Pick<Rights, 'environment'>, wanted: string): boolean {
  return environment === undefined || environment === wanted
}

/** Returns whether keys of a role may have this access, as far as their scopes do not narrow it. */
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
