import { errorFor, type IronflowError } from '@ironflow/core/errors'

/** A store that must not be opened, and what to do about it. Trying again will not help. */
export function refused(message: string, cause?: unknown): IronflowError {
  return errorFor('unavailable', message, { retryable: false, cause })
}
