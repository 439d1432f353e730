/**
 * Every error code of Ironflow, with what it means on the wire and whether the same call may succeed later.
 * The one table both ends read: the server picks the HTTP status from it, the client the class and the retry.
 */
export const CODES = {
  invalid_request: { status: 400, retryable: false },
  unauthenticated: { status: 401, retryable: false },
  unauthorized: { status: 403, retryable: false },
  not_found: { status: 404, retryable: false },
  // Not `not_found`, which is about data: a wrong address must not read as a document that does not exist.
  unknown_route: { status: 404, retryable: false },
  method_not_allowed: { status: 405, retryable: false },
  already_exists: { status: 409, retryable: false },
  confirmation_required: { status: 409, retryable: false },
  revision_conflict: { status: 412, retryable: false },
  payload_too_large: { status: 413, retryable: false },
  unsupported_media_type: { status: 415, retryable: false },
  idempotency_conflict: { status: 422, retryable: false },
  rate_limited: { status: 429, retryable: true },
  headers_too_large: { status: 431, retryable: false },
  internal: { status: 500, retryable: true },
  unsupported: { status: 501, retryable: false },
  unavailable: { status: 503, retryable: true },
  timeout: { status: 504, retryable: true },
  storage_full: { status: 507, retryable: false },
  // Only ever made by the client: there was no response, or none that could be read.
  connection_failed: { status: undefined, retryable: true },
  aborted: { status: undefined, retryable: false },
  closed: { status: undefined, retryable: false },
  invalid_response: { status: undefined, retryable: false },
  not_configured: { status: undefined, retryable: false },
} as const satisfies Record<string, { status: number | undefined; retryable: boolean }>

/** A code of {@link CODES}, such as `'revision_conflict'`. Stable: branch on it, not on a message. */
export type ErrorCode = keyof typeof CODES

/** Whether `value` is one of the codes this version knows. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(CODES, value)
}

/**
 * The code for an HTTP status whose body carried none: a proxy's page, a load balancer's empty response.
 * Unlisted 4xx count as `invalid_request`; unlisted 5xx (502 and friends) as `unavailable`; anything else as
 * `invalid_response`.
 */
export function codeForStatus(status: number): ErrorCode {
  const code = (Object.keys(CODES) as ErrorCode[]).find((name) => CODES[name].status === status)
  if (code) return code
  if (status >= 400 && status < 500) return 'invalid_request'
  return status >= 500 && status < 600 ? 'unavailable' : 'invalid_response'
}
