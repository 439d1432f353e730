import type { IronflowError } from '../errors/ironflow-error'
import type { RetryPolicy } from '../pipeline/retry'
import type { Setback } from './status'

/** Milliseconds after which an open connection counts as healthy: failures before it are forgotten. */
const HEALTHY_MS = 10_000

/** Bound of the first wait after a connection was lost, in milliseconds. All of it is jitter: see {@link waitAfter}. */
const FIRST_WAIT_MS = 2_000

/** Bound of the waits after the third, while an outage is young, in milliseconds. */
const YOUNG_WAIT_MS = 1_400

/**
 * Milliseconds after which an attempt that fails was not refused at once: something took the connection, and dropped it,
 * with those of all other clients that it had taken.
 */
const HELD_MS = 50

/** Afterwards the bound is this part of the outage's duration: waiting makes none longer by more than that. */
const WAITED_PART = 1 / 10

/** Milliseconds, more or less, until a key that was refused is tried again. */
const UNAUTHORIZED_MS = 300_000

/** The most that a server's `Retry-After` keeps a client's watches away, in milliseconds. */
const MAX_RETRY_AFTER_MS = 60_000

/** The consequences of a failure. */
export interface Verdict {
  readonly setback: Setback
  /** Whether `onError` is to hear of it. */
  readonly isReported: boolean
}

/**
 * Decides when a client connects again, or when one watch is asked for again, and whether the failure is reported. Pure:
 * time (epoch milliseconds) and chance come in.
 */
export class ReconnectPolicy {
  /** Why the last attempt failed, and when the next one is due; `undefined`: it did not fail. */
  setback: Setback | undefined
  private failures = 0
  private refusals = 0
  /** Attempts in vain since a connection was last open. */
  private vain = 0
  /** When the first of the failures was. */
  private failingSince = 0
  private failedAt = 0
  private hasReportedRefusal = false
  private hasRenewedKey = false
  /** When the connection opened; `undefined`: there is none that is open. */
  private openedAt: number | undefined
  /** When the newest attempt began. */
  private attemptedAt = Number.POSITIVE_INFINITY
  /** Whether the last attempt failed at a time that it may share with those of many clients. */
  private isShared = false
  /** By server: the earliest time of the next attempt by its own wish. */
  private readonly notBefore = new Map<string, number>()
  /** When the next attempt would be due without that wish. */
  private ownRetryAt = 0

  /** @param policy that of calls: `maxAttempts` in vain are an outage, and no wait's bound is above `maxDelayMs` */
  constructor(private readonly policy: Pick<RetryPolicy, 'maxAttempts' | 'maxDelayMs'>) {}

  /** How many attempts have failed in a row; where none has, one was made. */
  get attempts(): number {
    return Math.max(1, this.failures + this.refusals)
  }

  /** Returns the milliseconds until the next attempt is due. */
  waitMs(now: number): number {
    return this.setback ? this.setback.retryAt - now : 0
  }

  /** Returns the milliseconds for which `server` still asks to be left alone; 0: it does not. */
  floorMs(server: string, now: number): number {
    return Math.max(0, (this.notBefore.get(server) ?? 0) - now)
  }

  /** Returns whether even a first failure would have been waited for by now. */
  hasWaited(now: number): boolean {
    return now - this.failedAt >= FIRST_WAIT_MS
  }

  /** Notes that an attempt begins. */
  attempted(now: number): void {
    this.attemptedAt = now
  }

  /** Notes that a connection opened: the key is right. */
  opened(now: number): void {
    this.openedAt = now
    this.setback = undefined
    this.hasRenewedKey = this.hasReportedRefusal = false
  }

  /** Notes that the connection is given up. One that lasted makes up for what failed before it, however it ends. */
  left(now: number): void {
    if (this.openedAt === undefined) return
    this.vain = 0
    if (now - this.openedAt >= HEALTHY_MS) this.failures = this.refusals = 0
    this.openedAt = undefined
  }

  /**
   * Notes that an attempt failed. Until it is judged, the next one is due at once.
   *
   * @param isSilent whether this client gave it up, which it does at a time of its own
   */
  failed(error: IronflowError, now: number, isSilent = false): void {
    this.left(now)
    this.isShared = !isSilent && now - this.attemptedAt >= HELD_MS
    this.failedAt = now
    this.ownRetryAt = now
    this.setback = { state: 'interrupted', error, retryAt: now }
  }

  /**
   * Decides when the next attempt is due, and whether the failure is to be reported: a refusal at once, an outage when it
   * goes on, and each of them once.
   *
   * @param random 0 (included) to 1 (excluded)
   * @param server the one that failed
   * @param next the one that the next attempt is made to
   */
  judge(error: IronflowError, now: number, random: number, server = '', next = server): Verdict {
    const { status, retryAfterMs = 0 } = error
    const isRefusal = status === 401 || status === 403
    let isReported: boolean
    let waitMs: number
    if (isRefusal) {
      isReported = !this.hasReportedRefusal
      this.hasReportedRefusal = true
      this.refusals++
      // With jitter, so that clients that were refused together do not come back together.
      waitMs = Math.round(UNAUTHORIZED_MS * (0.9 + 0.2 * random))
    } else {
      // Also where the clock was put back: an outage does not begin later than now.
      this.failingSince = this.failures === 0 ? now : Math.min(this.failingSince, now)
      const { maxAttempts, maxDelayMs } = this.policy
      isReported = ++this.failures === maxAttempts
      waitMs = waitAfter(++this.vain, this.isShared, now - this.failingSince, maxDelayMs, random)
    }
    this.ownRetryAt = now + waitMs
    this.notBefore.set(server, now + Math.min(retryAfterMs, MAX_RETRY_AFTER_MS))
    const retryAt = this.ownRetryAt + this.floorMs(next, now)
    const setback: Setback = { state: isRefusal ? 'unauthorized' : 'interrupted', error, retryAt }
    this.setback = setback
    return { setback, isReported }
  }

  /** Forgets what servers asked for: there is proof that they can be reached. */
  lift(): void {
    this.notBefore.clear()
    if (this.setback) this.setback = { ...this.setback, retryAt: this.ownRetryAt }
  }

  /** Notes that the wait for `server` is over, and its own wish with it: the clock may have been put back meanwhile. */
  waited(server: string): void {
    this.notBefore.delete(server)
  }

  /** Returns whether to ask for the key again. Once: a key that was asked for again, and is refused again, is wrong. */
  renewsKey(): boolean {
    const isFirst = !this.hasRenewedKey
    this.hasRenewedKey = true
    return isFirst
  }
}

/**
 * Returns milliseconds to wait after so many attempts in vain, of an outage that has lasted so long.
 *
 * The first wait, and that after any loss that many clients share, is all jitter: it spreads those clients. The others
 * are more regular, which keeps clients spread: drawn anew from the whole bound, they would be twice as many and crowded.
 * The second and third are as long as the first bound, so that of many clients of a server that restarts about a
 * twentieth comes back in any 100 ms; later ones are shorter, and a tenth does. Half of those is jitter, so that clients
 * which a server held and dropped again and again do not stay together.
 */
function waitAfter(vain: number, isShared: boolean, outageMs: number, capMs: number, random: number): number {
  const isLate = vain > 3 && !isShared
  const boundMs = Math.min(capMs, Math.max(isLate ? YOUNG_WAIT_MS : FIRST_WAIT_MS, outageMs * WAITED_PART))
  if (vain === 1 || isShared) return Math.round(boundMs * random)
  return Math.round(boundMs * (isLate ? 0.5 + random / 2 : 0.8 + random / 5))
}
