import type { Role } from '@ironflow/core/protocol'
import type { KeyRecord } from './key-records'
import { parseScope, type Scope } from './scopes'

/** Whom an API key stands for: what every decision about a call is made from. */
export interface Principal {
  /** The key's id. */
  readonly id: string
  readonly role: Role
  /** The one environment the key is for; absent: all. */
  readonly environment?: string | undefined
  /** What of the role's rights the key has; absent: all. */
  readonly scopes?: readonly Scope[] | undefined
  /** Epoch milliseconds. */
  readonly expiresAt?: number | undefined
}

/** Who everybody is where no authentication is asked for. */
export const ANYBODY: Principal = { id: 'anybody', role: 'admin' }

/** Returns the principal of a stored key. */
export function principalOf({ id, role, environment, expiresAt, scopes }: KeyRecord): Principal {
  return {
    id,
    role,
    environment,
    // A scope that is not understood grants nothing; a list of nothing else must not become "all".
    scopes: scopes?.flatMap((text) => parseScope(text) ?? []),
    expiresAt: expiresAt === undefined ? undefined : Date.parse(expiresAt),
  }
}
