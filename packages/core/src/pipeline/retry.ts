import type { IronflowError } from '../errors/ironflow-error'
import { backoffMs } from './backoff'

/** How often and how fast a failed attempt is repeated. */
export interface RetryPolicy {
  /** Attempts in all, the first included. Default 4. */
  readonly maxAttempts: number
  /** Milliseconds: the bound of the first wait, doubled for each one after. Default 100. */
  readonly baseDelayMs: number
  /** Milliseconds: no wait's bound is above it. Default 30,000. */
  readonly maxDelayMs: number
}

/** What is known when an attempt has failed. */
export interface FailedAttempt {
  readonly error: IronflowError
  /** Attempts made so far. */
  readonly attempts: number
  /** Milliseconds since the first attempt began. */
  readonly elapsedMs: number
  /** Milliseconds the call still has. */
  readonly remainingMs: number
  /** Whether the call changes something. */
  readonly mutating: boolean
  /** 0 (included) to 1 (excluded). */
  readonly random: number
}

/**
 * A mutating call is not repeated later than this after its first attempt: the server knows its `Idempotency-Key` for
 * two minutes, and the last attempt must still arrive within them.
 */
export const LAST_MUTATING_RETRY_MS = 90_000

/**
 * Whether to try again, and after how many milliseconds; `undefined`: do not. A wait that the call's time does not
 * allow is not begun: the error at hand says more than a time-out would.
 */
export function retryDelayMs(failed: FailedAttempt, policy: RetryPolicy): number | undefined {
  const { error, attempts } = failed
  if (!error.retryable || attempts >= policy.maxAttempts) return undefined
  const jitter = backoffMs(attempts, { baseMs: policy.baseDelayMs, capMs: policy.maxDelayMs }, failed.random)
  const delayMs = (error.retryAfterMs ?? 0) + jitter
  if (delayMs >= failed.remainingMs) return undefined
  if (failed.mutating && failed.elapsedMs + delayMs > LAST_MUTATING_RETRY_MS) return undefined
  return delayMs
}
