/** How long to wait at most before the n-th repetition: `baseMs` doubled each time, never above `capMs`. */
export interface Backoff {
  baseMs: number
  capMs: number
}

/**
 * Milliseconds to wait before repetition `repetition` (1, 2, …): full jitter, so that clients that failed together do not
 * come back together. A decision, not a timer: `random` is a number from 0 (included) to 1 (excluded).
 *
 * The method is "full jitter" of Marc Brooker's "Exponential Backoff And Jitter".
 */
export function backoffMs(repetition: number, { baseMs, capMs }: Backoff, random: number): number {
  return Math.round(random * Math.min(capMs, baseMs * 2 ** (repetition - 1)))
}
