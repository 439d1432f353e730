import { UnauthorizedError } from '@ironflow/core/errors'
import { type Access, type MethodRow, ROLES, type Role, type Subscription, watchKindRow } from '@ironflow/core/protocol'
import type { Principal } from '../domain/principal'
import { ALL_TARGETS, allows, allowsAnything, type Right, roleAllows } from '../domain/rights'

/**
 * Returns why a caller has not this right; `undefined`: it has. Without a right to judge by, any right will do: to a key
 * that has none, the server is what it is to a stranger.
 */
export function refusalOf(principal: Principal, right?: Right): UnauthorizedError | undefined {
  if (!right) return allowsAnything(principal) ? undefined : refused('the key may do nothing: see its role and scopes')
  const { access, resource, target } = right
  if (allows(principal, access, resource, target)) return undefined
  const { role } = principal
  if (!roleAllows(role, access))
    return refused(`a key of role ${role} has no ${access} access; use one of role ${rolesWith(access)}`)
  return refused(`the key has no scope for ${[access, resource ?? '*', target || '*'].join(':')}`)
}

/** As {@link refusalOf}, for a refusal that is thrown. @throws UnauthorizedError */
export function expectRight(principal: Principal, right?: Right): void {
  const refusal = refusalOf(principal, right)
  if (refusal) throw refusal
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

function refused(message: string): UnauthorizedError {
  return new UnauthorizedError(message, 'unauthorized')
}
