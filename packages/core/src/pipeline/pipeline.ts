import { Deadline } from '../async/deadline'
import { sleep } from '../async/sleep'
import type { ErrorCode } from '../errors/codes'
import { hasCode, IronflowError, tagMethod } from '../errors/ironflow-error'
import { invalid } from '../errors/kinds'
import { messageOf, normalize } from '../errors/normalize'
import { type OnError, report } from '../hooks'
import type { Platform } from '../platform'
import type { Call, Reply } from '../protocol/call'
import type { Params, Result } from '../protocol/contract'
import { isMutating, type MethodName, methodRow } from '../protocol/methods'
import type { Credentials } from '../transport/credentials'
import type { CallTransport } from '../transport/transport'
import { type CallOptions, isPositive, type PipelineCallOptions } from './call-options'
import { expectOptions, optionNames } from './option-names'
import { type RetryPolicy, retryDelayMs } from './retry'
import { Revisions } from './revisions'

/** Options of a {@link Pipeline}, each decided. */
export interface PipelineOptions {
  readonly environment: string | undefined
  /** Milliseconds for a whole call, and for one attempt. */
  readonly timeoutMs: number
  readonly attemptTimeoutMs: number
  readonly retry: RetryPolicy
  readonly onError?: OnError | undefined
  readonly traceparent?: (() => string | undefined) | undefined
}

/**
 * What happens to a call between a surface and the transport, in one place and in this order:
 *
 *     report ─► deadline ─► retry ─► attempt ─► transport
 */
export class Pipeline {
  private readonly revisions = new Revisions()
  private readonly open = new Set<Deadline>()
  private isClosed = false

  constructor(
    private readonly transport: CallTransport,
    private readonly credentials: Credentials,
    private readonly options: PipelineOptions,
    readonly platform: Platform,
    /** Called whenever a call has succeeded: the server can be reached. */
    private readonly onSuccess: () => void,
  ) {}

  /**
   * Makes a call and returns its result.
   *
   * @param params a function where making them can fail: such a failure is one of the call's
   * @param read makes of the result what the surface wants; where it throws, the response was an `invalid_response`
   * @param expected an outcome that the surface handles: thrown as ever, but not reported to `onError`
   * @throws IronflowError, and nothing else
   */
  async call<M extends MethodName, T = Result<M>>(
    method: M,
    params: Params<M> | (() => Params<M>),
    options: PipelineCallOptions<M> = {},
    read: (result: Result<M>) => T = (result) => result as T,
    expected?: ErrorCode,
  ): Promise<T> {
    let call: Call<M> | undefined
    const progress = { attempts: 0 }
    try {
      expectOptions(options, optionNames(method))
      call = this.buildCall(method, typeof params === 'function' ? params() : params, options)
      const reply = await this.withinDeadline(call, options, progress)
      this.onSuccess()
      this.revisions.note(call, reply)
      return readReply(reply, read)
    } catch (thrown) {
      const error = tagMethod(normalize(thrown), method)
      if (error.code !== expected) {
        call ??= this.buildCall(method, {} as Params<M>)
        const { requestId, environment } = call
        const endpoint = this.transport.endpoint(call)
        report(this.options.onError, error, { method, endpoint, requestId, environment, ...progress })
      }
      throw error
    }
  }

  /** As {@link call}, but what does not exist is `undefined`, and no matter for `onError`. */
  async find<M extends MethodName, T>(
    method: M,
    params: Params<M>,
    options: PipelineCallOptions<M> | undefined,
    read: (result: Result<M>) => T,
  ): Promise<T | undefined> {
    try {
      return await this.call(method, params, options, read, 'not_found')
    } catch (error) {
      if (hasCode(error, 'not_found')) return undefined
      throw error
    }
  }

  /** Milliseconds that a call with these options may take. */
  timeoutMs(options: CallOptions): number {
    return options.timeoutMs ?? this.options.timeoutMs
  }

  /** Ends every call under way with code `closed`, and every later one. A second time is a no-op. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    for (const deadline of this.open) deadline.abort(closed())
    this.transport.close()
  }

  private buildCall<M extends MethodName>(
    method: M,
    params: Params<M>,
    { consistency, known }: PipelineCallOptions<M> = {},
  ): Call<M> {
    const { environment } = this.options
    const row = methodRow(method)
    return {
      method,
      params,
      environment,
      idempotencyKey: isMutating(row) && !row.once ? this.platform.uuid() : undefined,
      minPosition: this.revisions.minPosition({ method, params, environment }),
      consistency,
      known,
      requestId: this.platform.uuid(),
      traceparent: this.traceparent(),
    }
  }

  /** A tracer of the user's that fails costs the call its trace, and nothing else. */
  private traceparent(): string | undefined {
    try {
      return this.options.traceparent?.()
    } catch {
      return undefined
    }
  }

  private async withinDeadline<M extends MethodName>(
    call: Call<M>,
    options: PipelineCallOptions,
    progress: { attempts: number },
  ): Promise<Reply<M>> {
    if (this.isClosed) throw closed()
    const timeoutMs = this.timeoutMs(options)
    if (!isPositive(timeoutMs)) throw invalid({ timeoutMs: 'must be a number above 0' })
    const deadline = new Deadline(this.platform, timeoutMs, `${call.method} took longer than timeoutMs`)
    this.open.add(deadline)
    try {
      if (options.signal) deadline.abortWith(options.signal)
      return await this.withRetries(call, deadline, progress)
    } finally {
      deadline.end()
      this.open.delete(deadline)
    }
  }

  private async withRetries<M extends MethodName>(
    call: Call<M>,
    deadline: Deadline,
    progress: { attempts: number },
  ): Promise<Reply<M>> {
    const row = methodRow(call.method)
    const startedAt = this.platform.now()
    let keyRenewed = false
    for (;;) {
      if (deadline.reason) throw deadline.reason
      progress.attempts += 1
      try {
        return await this.attempt(call, deadline)
      } catch (thrown) {
        if (deadline.reason) throw deadline.reason
        const error = normalize(thrown)
        deadline.lastError = error
        if (error.code === 'unauthenticated' && error.status === 401 && !keyRenewed && this.credentials.canRenew()) {
          // Once: a key that was asked for again and refused again is wrong.
          keyRenewed = true
          continue
        }
        const failed = {
          error,
          attempts: progress.attempts,
          elapsedMs: this.platform.now() - startedAt,
          remainingMs: deadline.remainingMs,
          mutating: isMutating(row),
          random: this.platform.random(),
        }
        const delayMs = row.once ? undefined : retryDelayMs(failed, this.options.retry)
        if (delayMs === undefined) throw error
        await sleep(this.platform, delayMs, deadline.signal)
      }
    }
  }

  /** Time is up when the deadline says so, also where the transport, or the `fetch` that a user gave it, does not listen. */
  private async attempt<M extends MethodName>(call: Call<M>, outer: Deadline): Promise<Reply<M>> {
    const { attemptTimeoutMs } = this.options
    const what = `${call.method} took longer than attemptTimeoutMs`
    const deadline = new Deadline(this.platform, attemptTimeoutMs, what, outer)
    try {
      return await deadline.until(this.transport.call(call, deadline.signal))
    } finally {
      deadline.end()
    }
  }
}

function readReply<M extends MethodName, T>(reply: Reply<M>, read: (result: Result<M>) => T): T {
  try {
    return read(reply.result)
  } catch (error) {
    throw new IronflowError(`the response cannot be used: ${messageOf(error)}`, 'invalid_response', { cause: error })
  }
}

function closed(): IronflowError {
  return new IronflowError('the client is closed', 'closed')
}
