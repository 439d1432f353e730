import { CODES, errorFor, type IronflowError, isIronflowError } from '@ironflow/core/errors'
import { inUserWords } from '../domain/wording'

/**
 * The error to report to a caller for anything that was thrown. Errors of ours pass, in the user's words and with a code
 * that has a status; whatever else it was becomes `internal` without its text, which could hold anything. The cause
 * stays for the log.
 */
export function failure(thrown: unknown): IronflowError {
  if (!isIronflowError(thrown)) {
    return errorFor('internal', 'the server failed; its log has the reason under the request id', { cause: thrown })
  }
  // A store that is closed, or a peer that was asked and could not be reached: for the caller, a server to try later.
  if (CODES[thrown.code].status === undefined && thrown.status === undefined) {
    return errorFor('unavailable', thrown.message, { cause: thrown })
  }
  return inUserWords(thrown)
}
