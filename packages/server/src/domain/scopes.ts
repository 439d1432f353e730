import { ACCESSES, type Access, RESOURCES, type Resource } from '@ironflow/core/protocol'

/** A right that a key keeps: `read:config:app-*`. */
export interface Scope {
  readonly access: Access
  readonly resource: Resource
  /** A name, or the start of names where `prefix` is true. */
  readonly name: string
  readonly prefix: boolean
}

const SYNTAX = new RegExp(`^(${ACCESSES.join('|')}):(${RESOURCES.join('|')}):([A-Za-z0-9_-]{0,128})(\\*?)$`)

/** The scope that `text` means; `undefined` where it means none. */
export function parseScope(text: string): Scope | undefined {
  const found = SYNTAX.exec(text)
  if (!found) return undefined
  const [, access, resource, name, star] = found as unknown as [string, Access, Resource, string, string]
  return name === '' && star === '' ? undefined : { access, resource, name, prefix: star === '*' }
}

/**
 * Returns whether the scope lets its key do this to the thing called `target`. Where target or resource is left out, one
 * of them that the scope admits is enough.
 */
export function admits(scope: Scope, access: Access, resource?: Resource, target?: string): boolean {
  if (scope.access !== access) return false
  if (resource === undefined) return true
  if (scope.resource !== resource) return false
  if (target === undefined) return true
  return scope.prefix ? target.startsWith(scope.name) : target === scope.name
}

/** Returns whether one of `scopes` admits everything that `narrow` admits. */
export function scopesCover(scopes: readonly Scope[], narrow: Scope): boolean {
  return scopes.some(
    (scope) => admits(scope, narrow.access, narrow.resource, narrow.name) && (scope.prefix || !narrow.prefix),
  )
}
