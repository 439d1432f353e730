import type { Call } from '../protocol/call'
import type { MethodName } from '../protocol/methods'

/** Options every method takes. */
export interface CallOptions {
  /** Aborting it rejects the call with code `aborted` and the signal's reason as its cause. */
  signal?: AbortSignal | undefined
  /** Milliseconds this call may take, retries included, instead of the client's. */
  timeoutMs?: number | undefined
}

/** Options every method that reads takes. */
export interface ReadOptions extends CallOptions {
  /**
   * `strong`: the newest state there is, also where reading it takes longer. Default: a state that has at least what this
   * client wrote. A server with an embedded store reads the newest state in any case.
   */
  consistency?: 'strong' | undefined
}

/** Options of a call as a pipeline takes them. */
export interface PipelineCallOptions<M extends MethodName = MethodName> extends ReadOptions {
  /** The result that the caller has already: see {@link Call.known}. */
  known?: Call<M>['known']
}

/** Whether `value` is a number above 0; `Infinity` is one. */
export function isPositive(value: unknown): boolean {
  return typeof value === 'number' && value > 0
}
