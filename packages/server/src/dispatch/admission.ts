import type { Principal } from '../domain/principal'
import { allows, type Right } from '../domain/rights'
import type { Authenticator } from './authenticate'
import { expectRight } from './authorize'
import { environmentFor, environmentProblem } from './environment'

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
  /** The environment may still be named, or need not be: where none is, `default` need not be known. */
  readonly mayLackEnvironment?: boolean | undefined
  /** Absent: a key that has any right is let in, and what it does is judged later, one by one. */
  readonly right?: Right | undefined
}

/** A caller that was let in, and where. */
export interface Admitted {
  readonly principal: Principal
  readonly environment: string
}

/**
 * The one door of the server: authenticates the caller, resolves the environment and asks for the right. It needs no
 * body, so a binding knocks before it reads one.
 */
export class Admission {
  constructor(private readonly parts: AdmissionParts) {}

  /**
   * Admits a caller.
   *
   * @param about is given the environment as soon as it is known
   * @throws UnauthenticatedError, UnauthorizedError, `unavailable`; ValidationError for an environment that is none
   */
  async admit(request: AdmissionRequest, about: { environment?: string | undefined } = {}): Promise<Admitted> {
    const { authenticator } = this.parts
    const principal = authenticator.known(request.keyHash) ?? (await authenticator.verify(request.keyHash))
    return this.decide(principal, request, about)
  }

  /** As {@link admit}, for a caller that is authenticated already. */
  decide(principal: Principal, request: AdmissionRequest, about: { environment?: string | undefined } = {}): Admitted {
    const environment = environmentFor(request.environment, principal)
    const problem = this.environmentProblem(environment, principal, request)
    if (problem) throw problem
    about.environment = environment
    expectRight(principal, request.right)
    return { principal, environment }
  }

  /** As {@link admit}, at once; returns `undefined` where that takes longer, or the caller is not admitted. */
  admitKnown(request: AdmissionRequest & { readonly right: Right }): Admitted | undefined {
    const principal = this.parts.authenticator.known(request.keyHash)
    if (!principal) return undefined
    const { access, resource, target } = request.right
    const environment = environmentFor(request.environment, principal)
    if (this.environmentProblem(environment, principal, request)) return undefined
    return allows(principal, access, resource, target) ? { principal, environment } : undefined
  }

  private environmentProblem(environment: string, principal: Principal, request: AdmissionRequest) {
    const { environment: named, mayLackEnvironment = false } = request
    return environmentProblem(environment, named, principal, this.parts.environments, mayLackEnvironment)
  }
}
