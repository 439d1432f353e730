import type { MethodName, MethodRow, Params } from '@ironflow/core/protocol'
import { isMutating, methodRow } from '@ironflow/core/protocol'
import type { Answer } from '../domain/answer'
import type { Limits } from '../options'
import { type AdmissionParts, type Admitted, admit, type Refused } from './admission'
import { authorizeTarget } from './authorize'
import type { Caller, Outcome, RawCall } from './call'
import { failure } from './failure'
import type { Context, Handlers } from './handlers'
import type { Idempotency } from './idempotency'
import { validate } from './validate'

/** A write that succeeded. */
export interface DoneWrite {
  readonly environment: string
  readonly method: MethodName
  readonly params: Readonly<Record<string, unknown>>
  /** What it made, where it made one. */
  readonly revision?: number | undefined
}

/** Told of each write that succeeded, before its caller is. Must not throw. */
export type OnWrite = (write: DoneWrite) => void

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
  private readonly writeListeners = new Set<OnWrite>()

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
      if (isMutating(row)) this.tellWritten(environment, call, answer.revision)
      return { ok: true, environment, answer }
    } catch (thrown) {
      return { ok: false, environment, error: failure(thrown, environment) }
    }
  }

  /** Calls `listener` after each write, until the answered function is called. */
  onWrite(listener: OnWrite): () => void {
    this.writeListeners.add(listener)
    return () => this.writeListeners.delete(listener)
  }

  private handle<M extends MethodName>(
    call: RawCall<M>,
    row: MethodRow,
    params: Params<M>,
    { environment, principal }: Admitted,
  ): Promise<Answer<M>> {
    const { handlers, idempotency } = this.parts
    const context: Context = { environment, principal, minRevision: call.minRevision }
    const { method, idempotencyKey: key } = call
    if (key === undefined || row.once || !isMutating(row)) return handlers[method](params, context)
    const scope = { environment, principal: principal.id, method, key }
    return idempotency.once(scope, params, () => handlers[method](params, context))
  }

  private tellWritten(environment: string, { method, params }: RawCall, revision: number | undefined): void {
    for (const listener of this.writeListeners) listener({ environment, method, params, revision })
  }
}
