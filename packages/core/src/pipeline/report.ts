import type { IronflowError } from '../errors/ironflow-error'
import { callHook, type ErrorContext, type OnError } from '../hooks'
import type { Call } from '../protocol/call'

/** A call that has failed for good. */
export interface Failure {
  readonly call: Call
  readonly error: IronflowError
  readonly endpoint: string
  readonly attempts: number
}

/** Of a failed call, the only caller of `onError`. What the caller aborted is no failure. */
export function report(onError: OnError | undefined, { call, error, endpoint, attempts }: Failure): void {
  if (error.code === 'aborted') return
  callHook(onError, error, {
    method: call.method,
    endpoint,
    status: error.status,
    requestId: error.requestId ?? call.requestId,
    attempts,
    environment: call.environment,
  })
}

/** Something that went wrong in the background, where nobody called. */
export function reportInBackground(onError: OnError | undefined, error: IronflowError, context: ErrorContext): void {
  const { status, requestId } = error
  callHook(onError, error, { ...context, status, requestId })
}
