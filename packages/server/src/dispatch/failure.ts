import { CODES, errorFor, type IronflowError, isIronflowError } from '@ironflow/core/errors'
import { withoutStoredNames } from '../keyspace'

/**
 * What to tell a caller about anything that was thrown. Errors of ours pass, but in the user's own names and with a
 * code that has a status; whatever else it was becomes `internal` without its text, which could hold anything. The
 * cause stays for the log.
 */
export function failure(thrown: unknown, environment: string | undefined): IronflowError {
  if (!isIronflowError(thrown)) {
    return errorFor('internal', 'the server failed; its log has the reason under the request id', { cause: thrown })
  }
  // A store that is closed, or a peer that was asked and could not be reached: for the caller, a server to try later.
  if (CODES[thrown.code].status === undefined && thrown.status === undefined) {
    return errorFor('unavailable', thrown.message, { cause: thrown })
  }
  const message = environment === undefined ? thrown.message : withoutStoredNames(environment, thrown.message)
  if (message === thrown.message) return thrown
  const { currentRevision, fields } = thrown as { currentRevision?: number; fields?: Record<string, string> }
  return errorFor(thrown.code, message, {
    currentRevision,
    fields,
    retryAfterMs: thrown.retryAfterMs,
    retryable: thrown.retryable,
    details: ownNames(thrown.details, environment as string),
    cause: thrown,
  })
}

function ownNames(details: Record<string, unknown> | undefined, environment: string) {
  if (!details) return undefined
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => [
      name,
      typeof value === 'string' ? withoutStoredNames(environment, value) : value,
    ]),
  )
}
