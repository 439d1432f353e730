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

/** Whether the scope lets its key do this to the thing called `target`. */
export function admits(scope: Scope, access: Access, resource: string, target: string): boolean {
  if (scope.access !== access || scope.resource !== resource) return false
  return scope.prefix ? target.startsWith(scope.name) : target === scope.name
}

/** Returns whether one of `scopes` admits everything that `narrow` admits. */
export function scopesCover(scopes: readonly Scope[], narrow: Scope): boolean {
  return scopes.some(
    (scope) => admits(scope, narrow.access, narrow.resource, narrow.name) && (scope.prefix || !narrow.prefix),
  )
}
