/**
 * The vocabulary of rights, each list written once: a role, an access or a resource that is added here is known to the
 * rules of parameters, to scopes, to the OpenAPI document and to every decision.
 */

/** Kinds of access: the first part of a scope (`read:config:app-*`). */
export const ACCESSES = ['read', 'write', 'admin'] as const

/** One of {@link ACCESSES}. */
export type Access = (typeof ACCESSES)[number]

/** Things that methods and watches act on: the second part of a scope. */
export const RESOURCES = ['config', 'kv', 'settings', 'apikeys', 'environments'] as const

/** One of {@link RESOURCES}. */
export type Resource = (typeof RESOURCES)[number]

/** The roles of API keys, and what each allows. What is not listed is not allowed. */
export const ROLES = {
  viewer: ['read'],
  developer: ['read', 'write'],
  admin: ['read', 'write', 'admin'],
} as const satisfies Record<string, readonly Access[]>

/** Role of a key: `viewer` reads, `developer` reads and writes, `admin` also manages keys. */
export type Role = keyof typeof ROLES
