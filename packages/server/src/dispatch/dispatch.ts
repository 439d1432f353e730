import type { MethodName, MethodRow, Params, Subscription } from '@ironflow/core/protocol'
import { isMutating, methodRow } from '@ironflow/core/protocol'
import type { Answer } from '../domain/answer'
import type { Context } from '../domain/context'
import type { Limits } from '../options'
import type { Admission, AdmissionRequest, Admitted, Refused } from './admission'
import { expectRight, knownRight, rightOf, rightToWatch } from './authorize'
import type { Caller, Outcome, RawCall } from './call'
import { failure } from './failure'
import type { Handlers } from './handlers'
import type { Idempotency } from './idempotency'
import { validate } from './validate'

/** What the dispatcher stands on. */
export interface DispatcherParts {
  readonly admission: Admission
  readonly idempotency: Idempotency
  readonly handlers: Handlers
  readonly limits: Limits
  readonly now: () => number
}

/** A watch that is to be opened. */
export interface WatchOpening {
  readonly environment?: string | undefined
  /** The one thing that it is about, not checked yet; absent: a session, whose subscriptions are judged one by one. */
  readonly one?: Pick<Subscription, 'kind' | 'target'> | undefined
}

/**
 * The way of every operation, whichever wire it came by:
 *
 *     admit: authenticate ─► environment ─► authorise
 *     perform: validate ─► idempotency ─► handler
 *
 * A binding that reads a body does so between the two. Opening a watch is an operation, too: it ends with its admission,
 * and each frame is authorised by itself.
 */
export class Dispatcher {
  constructor(private readonly parts: DispatcherParts) {}

  /** Makes a call and answers how it ended; never rejects. */
  async run<M extends MethodName>(call: RawCall<M>, caller: Caller): Promise<Outcome<M>> {
    const admission = await this.admit(call, caller)
    return admission.ok ? this.perform(call, admission) : admission
  }

  /** Admits a caller to a call, of whose parameters those that need no body are known. Never rejects. */
  admit(call: KnownCall, caller: Caller): Promise<Admitted | Refused> {
    return this.parts.admission.admit(requestFor(call, caller))
  }

  /** As {@link admit}, at once; returns `undefined` where that takes longer, or the caller is not admitted. */
  admitKnown(call: KnownCall, caller: Caller): Admitted | undefined {
    return this.parts.admission.admitKnown(requestFor(call, caller))
  }

  /** Admits a caller to a watch. Never rejects. */
  admitWatch({ environment, one }: WatchOpening, { keyHash }: Caller): Promise<Admitted | Refused> {
    return this.parts.admission.admit({ keyHash, environment, right: one && rightToWatch(one) })
  }

  /** Makes a call whose caller was admitted to it, and answers how it ended; never rejects. */
  async perform<M extends MethodName>(call: RawCall<M>, admitted: Admitted): Promise<Outcome<M>> {
    const { limits, now } = this.parts
    const { environment, principal } = admitted
    const row = methodRow(call.method)
    try {
      // Again, now that all parameters are there: the target may be among those that travelled in the body.
      expectRight(principal, rightOf(row, call.params))
      const params = validate(call.method, call.params, limits, now())
      const answer = await this.handle(call, row, params, admitted)
      return { ok: true, environment, answer }
    } catch (thrown) {
      return { ok: false, environment, error: failure(thrown) }
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

/** What of a call is known before its body is read. */
type KnownCall = Pick<RawCall, 'method' | 'environment' | 'params'>

function requestFor({ method, environment, params }: KnownCall, { keyHash }: Caller): AdmissionRequest {
  const row = methodRow(method)
  return { keyHash, environment, isProject: row.environment === 'project', right: knownRight(row, params) }
}
