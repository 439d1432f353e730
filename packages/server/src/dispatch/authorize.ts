import { UnauthorizedError } from '@ironflow/core/errors'
import { type Access, type MethodRow, ROLES, type Role, type Subscription, watchKindRow } from '@ironflow/core/protocol'
import type { Principal } from '../domain/principal'
import { ALL_TARGETS, allows, type Right, roleAllows } from '../domain/rights'

/** @throws UnauthorizedError where the caller has not this right */
export function expectRight(principal: Principal, right: Right): void {
  if (!allows(principal, right.access, right.resource, right.target)) throw noRight(principal, right)
}

/**
 * The right that a call needs, as far as these parameters tell: where the target is not among them, a right to any one
 * is enough until it is known.
 */
export function knownRight(row: MethodRow, params: Readonly<Record<string, unknown>>): Right {
  const { access, resource, target } = row
  return target !== undefined && params[target] === undefined ? { access, resource } : rightOf(row, params)
}

/**
 * The right that watching something needs. For a pattern a right to any one thing is enough: each is judged by itself.
 */
export function rightToWatch({ kind, target }: Pick<Subscription, 'kind' | 'target'>): Right {
  const { resource, isPattern } = watchKindRow(kind)
  return { access: 'read', resource, target: isPattern ? undefined : target }
}

/** The error of a right that a caller has not. It names what is missing. */
export function noRight({ role }: Principal, { access, resource, target }: Right): UnauthorizedError {
  const message = roleAllows(role, access)
    ? `the key has no scope for ${[access, resource ?? '*', target || '*'].join(':')}`
    : `a key of role ${role} has no ${access} access; use one of role ${rolesWith(access)}`
  return new UnauthorizedError(message, 'unauthorized')
}

function rolesWith(access: Access): string {
  const roles = Object.keys(ROLES) as Role[]
  return roles.filter((role) => roleAllows(role, access)).join(' or ')
}

/**
 * The right that a call with these parameters needs. They are not validated yet: whatever the target is, only a scope
 * that matches its text admits it.
 */
export function rightOf(
  { access, resource, target, targetDefault }: MethodRow,
  params: Readonly<Record<string, unknown>>,
): Right {
  if (target === undefined) return { access, resource }
  return { access, resource, target: String(params[target] ?? targetDefault ?? ALL_TARGETS) }
}
