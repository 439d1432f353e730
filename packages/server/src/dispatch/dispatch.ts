import type { MethodName, MethodRow, Params } from '@ironflow/core/protocol'
import { isMutating, methodRow } from '@ironflow/core/protocol'
import type { Answer } from '../domain/answer'
import type { Principal } from '../domain/principal'
import type { Limits } from '../options'
import type { Authenticator } from './authenticate'
import { authorize } from './authorize'
import type { Caller, Outcome, RawCall } from './call'
import { resolveEnvironment } from './environment'
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
export interface DispatcherParts {
  readonly authenticator: Authenticator
  readonly idempotency: Idempotency
  readonly handlers: Handlers
  readonly environments: ReadonlySet<string> | undefined
  readonly limits: Limits
  readonly now: () => number
}

/**
 * The way of every call, whichever wire it came by:
 *
 *     authenticate ─► environment ─► authorise ─► validate ─► idempotency ─► handler
 */
export class Dispatcher {
  private readonly writeListeners = new Set<OnWrite>()

  constructor(private readonly parts: DispatcherParts) {}

  /** Makes a call and answers how it ended; never rejects. */
  async run<M extends MethodName>(call: RawCall<M>, caller: Caller): Promise<Outcome<M>> {
    const { authenticator, environments, limits, now } = this.parts
    const row = methodRow(call.method)
    let environment: string | undefined
    try {
      const principal = authenticator.known(caller.keyHash) ?? (await authenticator.verify(caller.keyHash))
      environment = resolveEnvironment(call.environment, principal, environments, row.resource)
      authorize(principal, row, call.params)
      const params = validate(call.method, call.params, limits, now())
      const answer = await this.handle(call, row, params, environment, principal)
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
    environment: string,
    principal: Principal,
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
