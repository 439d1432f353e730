import { CODES, type ErrorCode } from './codes'

/** Marks an error as ours in every copy of the package, so that `instanceof` does not depend on which copy threw. */
const BRAND = Symbol.for('ironflow.error')

/** What an {@link IronflowError} is made from; everything but the message and the code is optional. */
export interface ErrorInit {
  /** HTTP status of the response; not given: the code's own; `undefined`: there was no response. */
  status?: number | undefined
  /** The method that failed, as in the method table: `config.get`. */
  method?: string | undefined
  /** Overrides the code's own retryability. */
  retryable?: boolean | undefined
  /** The server's id of the request, to be found in its log. */
  requestId?: string | undefined
  /** Further facts, such as the limit that was hit. */
  details?: Record<string, unknown> | undefined
  /** The error underneath. */
  cause?: unknown
  /** `ConflictError`: the revision the store holds now; 0 where there is nothing. */
  currentRevision?: number | undefined
  /** `ValidationError`: place → what is wrong there. */
  fields?: Record<string, string> | undefined
  /** How long the server asks to wait before the next attempt, in milliseconds. */
  retryAfterMs?: number | undefined
}

/**
 * The base of every error Ironflow throws. Branch on `code` or on a subclass, never on `message`.
 *
 * @example
 * ```ts
 * try {
 *   await client.config().get('limits')
 * } catch (error) {
 *   if (error instanceof NotFoundError) return defaults
 *   if (isIronflowError(error) && error.retryable) return lastKnownGood
 *   throw error
 * }
 * ```
 */
export class IronflowError extends Error {
  /** The class's name for `instanceof` across copies of the package; each subclass has its own. */
  static readonly kind: string = 'IronflowError'

  // Declared only: the constructor takes over what it is given.
  declare readonly code: ErrorCode
  /** HTTP status of the response, or of the one the server would have sent, where the client itself refused the call as it was made. */
  declare readonly status?: number | undefined
  /** The method that failed: `kv.put`. Set by the pipeline. */
  declare readonly method?: string | undefined
  /** Whether the same call may succeed if it is made again, unchanged. */
  declare readonly retryable: boolean
  declare readonly requestId?: string | undefined
  /** How long the server asks to wait before the next attempt, in milliseconds. */
  declare readonly retryAfterMs?: number | undefined
  declare readonly details?: Record<string, unknown> | undefined

  constructor(message: string, code: ErrorCode, init: ErrorInit = {}) {
    const { cause, retryable = CODES[code].retryable, ...known } = init
    super(message, cause === undefined ? undefined : { cause })
    const { kind } = new.target
    // A status that is given as undefined counts: there was no response.
    Object.assign(this, { status: CODES[code].status, ...known, retryable, code, name: kind })
    Object.defineProperty(this, BRAND, { value: [kind, 'IronflowError'] })
  }

  /** What `JSON.stringify` writes: an error's message is no member that it would see. The cause and the stack are left out. */
  toJSON(): object {
    return { ...this, message: this.message }
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // A class derived by the user has no kind of its own: there the ordinary prototype chain decides.
    if (!Object.hasOwn(this, 'kind')) return Function.prototype[Symbol.hasInstance].call(this, value)
    return isIronflowError(value) && (value as unknown as Record<symbol, string[]>)[BRAND]?.includes(this.kind) === true
  }
}

/** Whether `value` is an error made by any copy of Ironflow in this process. */
export function isIronflowError(value: unknown): value is IronflowError {
  return typeof value === 'object' && value !== null && Array.isArray((value as Record<symbol, unknown>)[BRAND])
}

/** Whether `value` is such an error, with this code. */
export function hasCode(value: unknown, code: ErrorCode): boolean {
  return isIronflowError(value) && value.code === code
}

/** Notes on an error which method it failed in, unless it knows already. Returns the same error. */
export function tagMethod(error: IronflowError, method: string): IronflowError {
  const writable = error as { method?: string | undefined }
  writable.method ??= method
  return error
}
