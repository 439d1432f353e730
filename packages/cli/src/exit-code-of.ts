import { type ErrorCode, isIronflowError } from '@ironflow/core'
import { CommandFailed } from './command-failed'
import { EXIT, type ExitCode } from './exit-code'
import { UsageError } from './usage-error'

/** The exit code of each error that a server or the SDK reports. */
export const EXIT_BY_ERROR: Readonly<Record<ErrorCode, ExitCode>> = {
  invalid_request: EXIT.usage,
  payload_too_large: EXIT.usage,
  unsupported_media_type: EXIT.usage,
  headers_too_large: EXIT.usage,
  not_found: EXIT.notFound,
  already_exists: EXIT.conflict,
  confirmation_required: EXIT.conflict,
  revision_conflict: EXIT.conflict,
  idempotency_conflict: EXIT.conflict,
  unauthenticated: EXIT.notAuthorised,
  unauthorized: EXIT.notAuthorised,
  connection_failed: EXIT.notReachable,
  timeout: EXIT.notReachable,
  unavailable: EXIT.notReachable,
  // Something responds at this address, and it is not Ironflow's API.
  invalid_response: EXIT.notReachable,
  unknown_route: EXIT.notReachable,
  method_not_allowed: EXIT.failed,
  rate_limited: EXIT.failed,
  internal: EXIT.failed,
  unsupported: EXIT.failed,
  storage_full: EXIT.failed,
  aborted: EXIT.failed,
  closed: EXIT.failed,
  not_configured: EXIT.failed,
}

/** Returns the exit code of a command that failed with this. */
export function exitCodeOf(thrown: unknown): ExitCode {
  if (thrown instanceof UsageError) return EXIT.usage
  if (thrown instanceof CommandFailed) return thrown.exitCode
  // A later version of the SDK may know more codes than this table.
  return isIronflowError(thrown) ? (EXIT_BY_ERROR[thrown.code] ?? EXIT.failed) : EXIT.failed
}
