import type { MethodName, MethodRow, Params } from '@ironflow/core/protocol'
import { isMutating, methodRow } from '@ironflow/core/protocol'
import type { Answer } from '../domain/answer'
import type { Context } from '../domain/context'
import type { Limits } from '../options'
import { type AdmissionParts, type Admitted, admit, type Refused } from './admission'
import { authorizeTarget } from './authorize'
import type { Caller, Outcome, RawCall } from './call'
import { failure } from './failure'
import type { Handlers } from './handlers'
import type { Idempotency } from './idempotency'
import { validate } from './validate'

/** What the dispatcher stands on. */
export interface DispatcherParts extends AdmissionParts {
  readonly idempotency: Idempotency
  readonly handlers: Handlers
  readonly limits: Limits
  readonly now: () => number
}

/**
 * The way of every call, whichever wire it came by:
 *
 *     admit: authenticate ─► environment ─► authorise
 *     perform: validate ─► idempotency ─► handler
 *
 * A binding that reads a body does so between the two.
 */
export class Dispatcher {
  constructor(private readonly parts: DispatcherParts) {}

  /** Makes a call and answers how it ended; never rejects. */
  async run<M extends MethodName>(call: RawCall<M>, caller: Caller): Promise<Outcome<M>> {
    const admission = await this.admit(call, caller)
    return admission.ok ? this.perform(call, admission) : admission
  }

  /** Admits a caller to a call, of whose parameters those that need no body are known. Never rejects. */
  admit(
    { method, environment, params }: Pick<RawCall, 'method' | 'environment' | 'params'>,
    { keyHash }: Caller,
  ): Promise<Admitted | Refused> {
    return admit(this.parts, { keyHash, environment, right: methodRow(method), params })
  }

  /** Makes a call whose caller was admitted to it, and answers how it ended; never rejects. */
  async perform<M extends MethodName>(call: RawCall<M>, admitted: Admitted): Promise<Outcome<M>> {
    const { limits, now } = this.parts
    const { environment, principal } = admitted
    const row = methodRow(call.method)
    try {
      if (!admitted.hasTarget) authorizeTarget(principal, row, call.params)
      const params = validate(call.method, call.params, limits, now())
      const answer = await this.handle(call, row, params, admitted)
      return { ok: true, environment, answer }
    } catch (thrown) {
      return { ok: false, environment, error: failure(thrown, environment) }
    }
  }

  private handle<M extends MethodName>(
    call: RawCall<M>,
    row: MethodRow,
    params: Params<M>,
    { environment, principal }: Admitted,
  ): Promise<Answer<M>> {
    const { handlers, idempotency } = this.parts
    const { method, idempotencyKey: key, requestId, traceparent, minPosition, consistency } = call
    const context: Context = { environment, principal, requestId, traceparent, minPosition, consistency }
    if (key === undefined || row.once || !isMutating(row)) return handlers[method](params, context)
    const scope = { environment, principal: principal.id, method, key }
    const work = (once: string) => handlers[method](params, { ...context, idempotencyKey: key, once })
    return idempotency.once(scope, params, work)
  }
}
