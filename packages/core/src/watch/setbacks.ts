import type { IronflowError } from '../errors/ironflow-error'
import type { RetryPolicy } from '../pipeline/retry'

/** Milliseconds after which an open connection counts as healthy: failures before it are forgotten. */
const HEALTHY_MS = 10_000

/** Bound of the first wait after a connection was lost, in milliseconds. All of it is jitter: see {@link waitAfter}. */
export const FIRST_WAIT_MS = 2_000

/** Bound of the waits after the third, while an outage is young, in milliseconds. */
const YOUNG_WAIT_MS = 1_100

/** Afterwards the bound is this part of the outage's duration: waiting makes none longer by more than that. */
const WAITED_PART = 1 / 10

/** About how long to wait until a key that was refused is tried again, in milliseconds. */
const UNAUTHORIZED_MS = 300_000

/** The {@link Condition} until the next attempt. */
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

/** The failures of one client's connections, or of one watch, and the decision that follows from the next one. */
export class Setbacks {
  private failures = 0
  private refusals = 0
  /** Attempts in vain since a connection was last open. */
  private vain = 0
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

  /** Notes that a connection was open, for so many milliseconds. */
  worked(ms: number): void {
    this.vain = 0
    if (ms >= HEALTHY_MS) this.failures = this.refusals = 0
  }

  /**
   * Decides when the next attempt is to be made, and whether `onError` is to hear of this failure.
   *
   * @param now epoch milliseconds
   * @param random 0 (included) to 1 (excluded)
   */
  judge(error: IronflowError, now: number, random: number): Verdict {
    const { status } = error
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
      const { maxAttempts, maxDelayMs } = this.policy
      isTold = ++this.failures === maxAttempts
      waitMs = waitAfter(++this.vain, now - this.failingSince, maxDelayMs, random)
    }
    return { setback: { state: isRefusal ? 'unauthorized' : 'interrupted', error, retryAt: now + waitMs }, isTold }
  }
}

/**
 * Milliseconds to wait after so many attempts in vain, of an outage that has lasted so long.
 *
 * The first wait is all jitter: it spreads the clients that lost the same server, each time anew. The later waits are
 * nearly regular, which keeps clients spread: drawn anew from the whole bound, they would be twice as many and crowded.
 * The second and third are as long as the first bound, so that of many clients of a server that restarts about a
 * twentieth comes back in any 100 ms; later ones are shorter, and a tenth does.
 */
function waitAfter(vain: number, outageMs: number, capMs: number, random: number): number {
  const boundMs = Math.max(vain > 3 ? YOUNG_WAIT_MS : FIRST_WAIT_MS, outageMs * WAITED_PART)
  return Math.round(Math.min(capMs, boundMs) * (vain === 1 ? random : 0.8 + random / 5))
}
