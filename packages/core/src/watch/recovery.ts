import type { IronflowError } from '../errors/ironflow-error'
import type { RetryPolicy } from '../pipeline/retry'
import type { Platform } from '../platform'
import type { Credentials } from '../transport/credentials'
import type { Dialer } from '../transport/dialer'
import { FIRST_WAIT_MS, type Setback, Setbacks } from './setbacks'

/** The most that a server's `Retry-After` keeps a client's watches away, in milliseconds. */
const MAX_RETRY_AFTER_MS = 60_000

/** What the loop remembers of its connections: when the last one opened, why it is gone, when there may be another. */
export class Recovery {
  /** Why the last attempt failed; `undefined`: it did not. */
  setback: Setback | undefined
  readonly setbacks: Setbacks
  /** When the connection opened, epoch milliseconds; `undefined`: there is none that is open. */
  private openedAt: number | undefined
  private failedAt = 0
  /** The server that the newest connection was made to. */
  private server = ''
  /** By server: the earliest time of the next attempt by its own wish, epoch milliseconds. */
  private readonly notBefore = new Map<string, number>()
  /** The setback as it is without that wish. */
  private ownSetback: Setback | undefined
  private hasRenewedKey = false

  constructor(
    private readonly credentials: Pick<Credentials, 'canRenew'>,
    private readonly dialer: Pick<Dialer, 'server'>,
    retry: RetryPolicy,
    private readonly platform: Pick<Platform, 'now' | 'random'>,
  ) {
    this.setbacks = new Setbacks(retry)
  }

  /** Milliseconds for which the next server still asks to be left alone; 0: it does not. */
  get floorMs(): number {
    return Math.max(0, (this.notBefore.get(this.dialer.server) ?? 0) - this.platform.now())
  }

  /** How long to wait until the next attempt, in milliseconds. */
  get waitMs(): number {
    return this.setback ? this.setback.retryAt - this.platform.now() : 0
  }

  /** Whether even a first failure would have been waited for by now. */
  get hasWaited(): boolean {
    return this.platform.now() - this.failedAt >= FIRST_WAIT_MS
  }

  /** A connection is about to be made. */
  dials(): void {
    this.server = this.dialer.server
  }

  opened(): void {
    this.openedAt = this.platform.now()
    this.setback = undefined
    this.hasRenewedKey = false
    this.setbacks.accepted()
  }

  /** The connection is given up. One that lasted makes up for what failed before it, however it ends. */
  left(): void {
    if (this.openedAt !== undefined) this.setbacks.worked(this.platform.now() - this.openedAt)
    this.openedAt = undefined
  }

  /** An attempt failed. Until it is judged, the next one is to be made at once. */
  failed(error: IronflowError): void {
    this.left()
    this.failedAt = this.platform.now()
    this.setback = this.ownSetback = { state: 'interrupted', error, retryAt: this.failedAt }
  }

  /** Decides when the next attempt is. Returns whether `onError` is to hear of the failure. */
  judge(error: IronflowError): boolean {
    const { setback, isTold } = this.setbacks.judge(error, this.failedAt, this.platform.random())
    const { retryAfterMs = 0 } = error
    this.notBefore.set(this.server, this.failedAt + Math.min(retryAfterMs, MAX_RETRY_AFTER_MS))
    this.ownSetback = setback
    this.setback = { ...setback, retryAt: setback.retryAt + this.floorMs }
    return isTold
  }

  /** Forgets what servers asked for: there is proof that they can be reached. */
  lift(): void {
    this.notBefore.clear()
    if (this.setback) this.setback = this.ownSetback
  }

  /** The wait is over, and with it the server's: it was part of it, and the clock may have been put back meanwhile. */
  waited(): void {
    this.notBefore.delete(this.dialer.server)
  }

  /** Whether the key was refused, and there may be another one by now. */
  get mayHaveOtherKey(): boolean {
    return this.setback?.error.status === 401 && this.credentials.canRenew()
  }

  /** Whether to ask for the key again. Once: a key that was asked for again, and is refused again, is wrong. */
  mayRenewKey(): boolean {
    if (this.hasRenewedKey || !this.mayHaveOtherKey) return false
    this.hasRenewedKey = true
    return true
  }
}
