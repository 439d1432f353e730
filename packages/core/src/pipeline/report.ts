import type { IronflowError } from '../errors/ironflow-error'
import { callHook, type ErrorContext, type OnError } from '../hooks'

/**
 * Of what has failed for good, a call or something in the background, the only caller of `onError`. What the caller
 * aborted is no failure.
 *
 * @param context what is known of it besides the error
 */
export function report(onError: OnError | undefined, error: IronflowError, context: ErrorContext): void {
  const { code, status, requestId = context.requestId } = error
  if (code !== 'aborted') callHook(onError, error, { ...context, status, requestId })
}
