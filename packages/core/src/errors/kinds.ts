import type { ErrorCode } from './codes'
import { type ErrorInit, IronflowError } from './ironflow-error'

/** 401: no key, or one the server does not know, or one that was revoked or has expired. */
export class UnauthenticatedError extends IronflowError {
  static override readonly kind = 'UnauthenticatedError'
}

/** 403: the key is known and not allowed to do this: its role, its scopes or its environment say no. */
export class UnauthorizedError extends IronflowError {
  static override readonly kind = 'UnauthorizedError'
}

/** 404: the document, key or bucket does not exist, was deleted, or has expired. */
export class NotFoundError extends IronflowError {
  static override readonly kind = 'NotFoundError'
}

/** 409, 412 and `idempotency_conflict`: another write came first. Read again, decide again. */
export class ConflictError extends IronflowError {
  static override readonly kind = 'ConflictError'
  /** The revision the store holds now; 0 where there is nothing. Absent where the code is not `revision_conflict`. */
  declare readonly currentRevision?: number | undefined
}

/** 400, 413, 415, 422: the call itself is wrong, and `fields` says where. Sending it again will not help. */
export class ValidationError extends IronflowError {
  static override readonly kind = 'ValidationError'
  /** Place → what is wrong there: `{ key: 'must not contain white space' }`. */
  declare readonly fields: Record<string, string>

  constructor(message: string, code: ErrorCode = 'invalid_request', init: ErrorInit = {}) {
    super(message, code, { ...init, fields: init.fields ?? {} })
  }
}

/** 429: too much at once. `retryAfterMs` says how long to wait, where the server said so. */
export class RateLimitError extends IronflowError {
  static override readonly kind = 'RateLimitError'
}

/** The call, or the server's own work for it, took longer than it was given. */
export class TimeoutError extends IronflowError {
  static override readonly kind = 'TimeoutError'
}

/** No response: refused, reset, unresolvable, or cut off half-way. `cause` is the platform's error. */
export class ConnectionError extends IronflowError {
  static override readonly kind = 'ConnectionError'
}

type ErrorClass = new (message: string, code: ErrorCode, init?: ErrorInit) => IronflowError

/** The class a user branches on, by code; codes that are not listed are plain {@link IronflowError}s. */
const CLASSES: Partial<Record<ErrorCode, ErrorClass>> = {
  unauthenticated: UnauthenticatedError,
  unauthorized: UnauthorizedError,
  not_found: NotFoundError,
  already_exists: ConflictError,
  confirmation_required: ConflictError,
  revision_conflict: ConflictError,
  idempotency_conflict: ConflictError,
  invalid_request: ValidationError,
  payload_too_large: ValidationError,
  unsupported_media_type: ValidationError,
  rate_limited: RateLimitError,
  timeout: TimeoutError,
  connection_failed: ConnectionError,
}

/** Makes the error of the class that belongs to `code`. */
export function errorFor(code: ErrorCode, message: string, init: ErrorInit = {}): IronflowError {
  return new (CLASSES[code] ?? IronflowError)(message, code, init)
}

/** The error as one of `method`, which it says: a copy, since one failure may end what several methods began. */
export function errorOf(method: string, error: IronflowError): IronflowError {
  if (error.method === method) return error
  return errorFor(error.code, error.message, { ...error, method, cause: error.cause })
}

/** A `ValidationError` whose message is made from its fields: `key: must not be empty`. */
export function invalid(fields: Record<string, string>, cause?: unknown): ValidationError {
  const message = Object.entries(fields)
    .map(([place, problem]) => `${place}: ${problem}`)
    .join('; ')
  return new ValidationError(message, 'invalid_request', { fields, cause })
}
