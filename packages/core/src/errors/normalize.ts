import type { ErrorCode } from './codes'
import { type ErrorInit, type IronflowError, isIronflowError } from './ironflow-error'
import { errorFor } from './kinds'

/**
 * Turns anything that was thrown into an `IronflowError`. Errors of ours pass through untouched; all else becomes
 * `code` (default `internal`) with the thrown value as its cause.
 */
export function normalize(thrown: unknown, code: ErrorCode = 'internal', init: ErrorInit = {}): IronflowError {
  if (isIronflowError(thrown)) return thrown
  return errorFor(code, messageOf(thrown), { cause: thrown, ...init })
}

/** What a thrown value says, whatever it is. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error && thrown.message !== '' ? thrown.message : String(thrown)
}
