import {
  isMutating,
  type MethodName,
  type MethodRow,
  methodRow,
  type Params,
  type Subscription,
} from '@ironflow/core/protocol'
import type { Answer } from '../domain/answer'
import type { Context } from '../domain/context'
import type { Limits } from '../limits'
import type { Observer } from '../observe/observer'
import type { Admission, Admitted } from './admission'
import { knownRight, rightOf, rightToWatch } from './authorize'
import type { CallDetails, Caller, Outcome, Progress, RawCall } from './call'
import { failure } from './failure'
import type { Handlers } from './handlers'
import type { Idempotency } from './idempotency'
import { validate } from './validate'

/** What the dispatcher stands on. */
export interface DispatcherParts {
  readonly admission: Admission
  readonly observer: Observer
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
 *     observe ─► admit: authenticate ─► environment ─► authorise ─► validate ─► idempotency ─► handler
 *
 * A binding's body is read once its caller is admitted to what is known without it. Opening a watch is an operation, too:
 * it ends with its admission, and each frame is authorised by itself.
 */
export class Dispatcher {
  constructor(private readonly parts: DispatcherParts) {}

  /** Makes a call. Never rejects. */
  run<M extends MethodName>(call: RawCall<M>, caller: Caller): Promise<Outcome<Answer<M>>> {
    const status = methodRow(call.method).success ?? 200
    return this.observe(
      call.requestId,
      call.method,
      (progress) => this.perform(call, caller, progress),
      () => status,
    )
  }

  /**
   * Runs an operation, times it, and reports how it ended: the outermost stage, of what is no call, too. Never rejects.
   *
   * @param statusOf the HTTP status of a success. Default: 200
   */
  async observe<T>(
    requestId: string,
    label: Progress['label'],
    work: (progress: Progress) => T | Promise<T>,
    statusOf: (result: T) => number = () => 200,
  ): Promise<Outcome<T>> {
    const startedAt = performance.now()
    const progress: Progress = { label }
    let outcome: Outcome<T>
    let status: number
    try {
      const result = await work(progress)
      status = statusOf(result)
      outcome = { ok: true, environment: progress.environment, result }
    } catch (thrown) {
      const error = failure(thrown)
      status = error.status ?? 500
      outcome = { ok: false, environment: progress.environment, error }
    }
    const error = outcome.ok ? undefined : outcome.error
    const { label: method, environment } = progress
    this.parts.observer.served({ method, status, requestId, environment, startedAt, error })
    return outcome
  }

  /** Makes a call that is observed already. @throws what keeps it from being made, whatever that is */
  async perform<M extends MethodName>(call: RawCall<M>, { keyHash }: Caller, progress: Progress): Promise<Answer<M>> {
    const { admission, limits, now } = this.parts
    const row = methodRow(call.method)
    const { principal } = await admission.admit(knownRequest(row, call, keyHash), progress)
    const details: CallDetails = call.read ? await call.read() : call
    // Again, now that all is there: environment and target may be in the body.
    const admitted = admission.decide(principal, wholeRequest(row, details, keyHash), progress)
    const params = validate(call.method, details.params, limits, now())
    return this.handle(call, details, row, params, admitted)
  }

  /** Admits a caller to a watch. @throws as {@link Admission.admit} */
  admitWatch({ environment, one }: WatchOpening, { keyHash }: Caller, progress: Progress): Promise<Admitted> {
    return this.parts.admission.admit({ keyHash, environment, right: one && rightToWatch(one) }, progress)
  }

  /** Admits a caller to a call at once; returns `undefined` where that takes longer, or the caller is not admitted. */
  admitKnown(call: CallDetails & Pick<RawCall, 'method'>, keyHash: string | undefined): Admitted | undefined {
    return this.parts.admission.admitKnown(wholeRequest(methodRow(call.method), call, keyHash))
  }

  private handle<M extends MethodName>(
    { method, idempotencyKey: key, requestId, traceparent }: RawCall<M>,
    { minPosition, consistency }: CallDetails,
    row: MethodRow,
    params: Params<M>,
    { environment, principal }: Admitted,
  ): Promise<Answer<M>> {
    const { handlers, idempotency } = this.parts
    const context: Context = { environment, principal, requestId, traceparent, minPosition, consistency }
    if (key === undefined || row.once || !isMutating(row)) return handlers[method](params, context)
    const scope = { environment, principal: principal.id, method, key }
    const work = (once: string) => handlers[method](params, { ...context, idempotencyKey: key, once })
    return idempotency.once(scope, params, work)
  }
}

/** Request for admission to a call, as far as it is known before its body is read. */
function knownRequest(row: MethodRow, { environment, params }: CallDetails, keyHash: string | undefined) {
  const place = row.environment
  const mayLackEnvironment = place === 'project' || (typeof place === 'object' && 'body' in place)
  return { keyHash, environment, mayLackEnvironment, right: knownRight(row, params) }
}

/** Request for admission to a call. */
function wholeRequest(row: MethodRow, { environment, params }: CallDetails, keyHash: string | undefined) {
  return { keyHash, environment, mayLackEnvironment: row.environment === 'project', right: rightOf(row, params) }
}
