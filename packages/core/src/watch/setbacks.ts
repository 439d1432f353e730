import type { IronflowError } from '../errors/ironflow-error'
import type { RetryPolicy } from '../pipeline/retry'

/** A connection that was open for so long was a healthy one: what went wrong before it does not count any more. */
const HEALTHY_MS = 10_000

/** The bound of the first wait for another attempt to watch, in milliseconds. All of it is jitter: see {@link waitAfter}. */
export const FIRST_WAIT_MS = 2_000

/** The bound of later waits while an outage is young, in milliseconds. */
const YOUNG_WAIT_MS = 1_000

/** Afterwards it is this part of how long the outage has lasted: so waiting makes none longer by more than that. */
const WAITED_PART = 1 / 10

/** About how long to wait until a key that was refused is tried again, in milliseconds. */
const UNAUTHORIZED_MS = 300_000

/** How it is until the next attempt: as a {@link Condition}. */
export interface Setback {
  /** Whether the server does not accept the key, or it is something that may pass. */
  readonly state: 'unauthorized' | 'interrupted'
  readonly error: IronflowError
  /** When the next attempt is to be made, epoch milliseconds. */
  readonly retryAt: number
}

/** What follows from a failure. */
export interface Verdict {
  readonly setback: Setback
  /** Whether `onError` is to hear of it: of a refusal at once, of an outage when it goes on, and once of each. */
  readonly isTold: boolean
}

/** What has gone wrong with one attempt to watch after the other, and so what follows from the next one. */
export class Setbacks {
  private failures = 0
  private refusals = 0
  /** When the first of the failures was, epoch milliseconds. */
  private failingSince = 0
  private hasToldRefusal = false

  /** @param policy that of calls: `maxAttempts` in vain are an outage, and no wait's bound is above `maxDelayMs` */
  constructor(private readonly policy: Pick<RetryPolicy, 'maxAttempts' | 'maxDelayMs'>) {}

  /** How many attempts have failed in a row; where none has, one was made. */
  get attempts(): number {
    return Math.max(1, this.failures + this.refusals)
  }

  /** The key is right. */
  accepted(): void {
    this.hasToldRefusal = false
  }

  /** It worked for so long, in milliseconds. */
  worked(ms: number): void {
    if (ms >= HEALTHY_MS) this.failures = this.refusals = 0
  }

  /**
   * Decides what follows.
   *
   * @param now epoch milliseconds
   * @param random 0 (included) to 1 (excluded)
   */
  judge(error: IronflowError, now: number, random: number): Verdict {
    const { status, retryAfterMs = 0 } = error
    const isRefusal = status === 401 || status === 403
    let isTold: boolean
    let waitMs: number
    if (isRefusal) {
      isTold = !this.hasToldRefusal
      this.hasToldRefusal = true
      this.refusals++
      // With jitter, so that those who were refused together do not come back together.
      waitMs = Math.round(UNAUTHORIZED_MS * (0.9 + 0.2 * random))
    } else {
      // Also where the clock was put back: an outage does not begin later than now.
      this.failingSince = this.failures === 0 ? now : Math.min(this.failingSince, now)
      this.failures++
      const { maxAttempts, maxDelayMs } = this.policy
      isTold = this.failures === maxAttempts
      waitMs = retryAfterMs + waitAfter(this.failures, now - this.failingSince, maxDelayMs, random)
    }
    return { setback: { state: isRefusal ? 'unauthorized' : 'interrupted', error, retryAt: now + waitMs }, isTold }
  }
}

/**
 * How long to wait after so many failures of an outage that has lasted so long. The first wait is all jitter and spreads
 * those who have failed together. The later ones are nearly regular, so that they stay as they are spread: drawn anew
 * from all of the bound, they would be twice as many, and crowded.
 */
function waitAfter(failures: number, outageMs: number, capMs: number, random: number): number {
  const isFirst = failures === 1
  const boundMs = isFirst ? FIRST_WAIT_MS : Math.max(YOUNG_WAIT_MS, outageMs * WAITED_PART)
  return Math.round(Math.min(capMs, boundMs) * (isFirst ? random : 0.75 + random / 4))
}
