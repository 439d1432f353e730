import { IronflowError } from './errors/ironflow-error'
import { messageOf } from './errors/normalize'

/** The context of an error, for `onError`. */
export interface ErrorContext {
  /** The method that failed: `config.get`, `kv.put`. */
  readonly method: string
  /** Where the last attempt went: server and path, without the query. */
  readonly endpoint: string
  /** HTTP status of the response, or of the one the server would have sent, where the client itself refused the call. */
  readonly status?: number | undefined
  /** The id of the request, as the server's log has it. */
  readonly requestId?: string | undefined
  /** How many attempts were made. */
  readonly attempts: number
  /** The environment the client asked for; absent where it left that to its key. */
  readonly environment?: string | undefined
}

/**
 * Called once per failed call, after the last retry; never for a call that its caller aborted. What the hook throws, or
 * a promise of it rejects with, is dropped: a hook cannot break a call.
 */
export type OnError = (error: IronflowError, context: ErrorContext) => unknown

/**
 * Reports what has failed for good, a call or something in the background: the only place that calls `onError`. What
 * its caller aborted is no failure.
 *
 * @param context what is known of it besides the error
 */
export function report(onError: OnError | undefined, error: IronflowError, context: ErrorContext): void {
  const { code, status, requestId = context.requestId } = error
  if (code !== 'aborted') callHook(onError, error, { ...context, status, requestId })
}

/** Calls a hook of the user's such that nothing it does can reach the code that calls it. */
export function callHook<A extends unknown[]>(hook: ((...args: A) => unknown) | undefined, ...args: A): void {
  try {
    // Not `instanceof Promise`: another realm's promise, or a thenable, can reject as well.
    Promise.resolve(hook?.(...args)).catch(() => undefined)
  } catch {
    // Deliberate: the call this hook looks at has its own outcome, and the hook must not change it.
  }
}

/**
 * Calls a callback of the user's whose failure is to be reported: what it throws, or a promise of it rejects with, goes
 * to `failed`. The promise is not awaited: a slow callback must not hold up the others.
 */
export function callBack(callback: (() => unknown) | undefined, failed: (error: IronflowError) => void): void {
  const fail = (thrown: unknown) => failed(callbackError(thrown))
  try {
    const result = callback?.()
    if (result !== undefined) Promise.resolve(result).catch(fail)
  } catch (thrown) {
    fail(thrown)
  }
}

/** Returns what a callback threw as `onError` gets it: a copy, since what was thrown may be of use elsewhere. */
function callbackError(thrown: unknown): IronflowError {
  return new IronflowError(`a callback threw: ${messageOf(thrown)}`, 'internal', {
    status: undefined,
    retryable: false,
    cause: thrown,
  })
}
