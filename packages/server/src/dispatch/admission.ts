import type { IronflowError } from '@ironflow/core/errors'
import type { Principal } from '../domain/principal'
import { allows, type Right } from '../domain/rights'
import type { Authenticator } from './authenticate'
import { noRight } from './authorize'
import { environmentFor, environmentProblem } from './environment'
import { failure } from './failure'

/** What admission stands on. */
export interface AdmissionParts {
  readonly authenticator: Authenticator
  /** The only environments there are; absent: any. */
  readonly environments: ReadonlySet<string> | undefined
}

/** A request for admission: who asks, where, and for which right. */
export interface AdmissionRequest {
  /** As {@link Authenticator.keyHash} returns it. */
  readonly keyHash: string | undefined
  /** Named environment; absent: the key's own, else `default`. */
  readonly environment?: string | undefined
  /** Whether it is about the whole project and no environment. */
  readonly isProject?: boolean | undefined
  /** Absent: any key is let in, and what it does is judged later, one by one. */
  readonly right?: Right | undefined
}

/** A caller that was let in. */
export interface Admitted {
  readonly ok: true
  readonly environment: string
  readonly principal: Principal
}

/** A caller that was not let in. The environment is there as soon as it was known. */
export interface Refused {
  readonly ok: false
  readonly environment: string | undefined
  readonly error: IronflowError
}

/**
 * The one door of the server: authenticates the caller, resolves the environment and asks for the right. It needs no
 * body, so a binding knocks before it reads one.
 */
export class Admission {
  constructor(private readonly parts: AdmissionParts) {}

  /** Decides about a request. Never rejects. */
  async admit(request: AdmissionRequest): Promise<Admitted | Refused> {
    const { authenticator } = this.parts
    try {
      const principal = authenticator.known(request.keyHash) ?? (await authenticator.verify(request.keyHash))
      return this.decide(principal, request)
    } catch (thrown) {
      return { ok: false, environment: undefined, error: failure(thrown) }
    }
  }

  /** Decides at once, for callers whose keys are known; returns `undefined` for those that {@link admit} must look at. */
  admitKnown(request: AdmissionRequest): Admitted | undefined {
    const principal = this.parts.authenticator.known(request.keyHash)
    const decision = principal && this.decide(principal, request)
    return decision?.ok ? decision : undefined
  }

  private decide(
    principal: Principal,
    { environment: named, isProject = false, right }: AdmissionRequest,
  ): Admitted | Refused {
    const environment = environmentFor(named, principal)
    const problem = environmentProblem(environment, named, principal, this.parts.environments, isProject)
    if (problem) return { ok: false, environment: undefined, error: problem }
    if (right && !allows(principal, right.access, right.resource, right.target)) {
      return { ok: false, environment, error: noRight(principal, right) }
    }
    return { ok: true, environment, principal }
  }
}
