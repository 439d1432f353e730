import type { IronflowError } from '@ironflow/core/errors'
import type { MethodRow } from '@ironflow/core/protocol'
import type { Principal } from '../domain/principal'
import type { Authenticator } from './authenticate'
import { authorize, authorizeTarget } from './authorize'
import { resolveEnvironment } from './environment'
import { failure } from './failure'

/** What admission stands on. */
export interface AdmissionParts {
  readonly authenticator: Authenticator
  /** The only environments there are; absent: any. */
  readonly environments: ReadonlySet<string> | undefined
}

/** A request for admission: who asks, where, and for which right. */
export interface AdmissionRequest {
  readonly keyHash: string | undefined
  /** Named environment; absent: the key's own, else `default`. */
  readonly environment: string | undefined
  readonly right: Pick<MethodRow, 'access' | 'resource' | 'target'>
  /** Parameters known so far. A target that is not among them is authorised later, by {@link authorizeTarget}. */
  readonly params: Readonly<Record<string, unknown>>
}

/** A caller that was let in. */
export interface Admitted {
  readonly ok: true
  readonly environment: string
  readonly principal: Principal
  /** Whether the target was known, and authorised. */
  readonly hasTarget: boolean
}

/** A caller that was not let in. The environment is there as soon as it was known. */
export interface Refused {
  readonly ok: false
  readonly environment: string | undefined
  readonly error: IronflowError
}

/**
 * Authenticates the caller, resolves the environment and authorises the right: the one door of the server. It needs no
 * body, so a binding knocks before it reads one. Never rejects.
 */
export async function admit(parts: AdmissionParts, request: AdmissionRequest): Promise<Admitted | Refused> {
  const { authenticator, environments } = parts
  const { keyHash, right, params } = request
  let environment: string | undefined
  try {
    const principal = authenticator.known(keyHash) ?? (await authenticator.verify(keyHash))
    environment = resolveEnvironment(request.environment, principal, environments, right.resource)
    authorize(principal, right)
    const hasTarget = right.target === undefined || params[right.target] !== undefined
    if (hasTarget) authorizeTarget(principal, right, params)
    return { ok: true, environment, principal, hasTarget }
  } catch (thrown) {
    return { ok: false, environment, error: failure(thrown, environment) }
  }
}
