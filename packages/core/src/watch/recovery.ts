import type { IronflowError } from '../errors/ironflow-error'
import type { RetryPolicy } from '../pipeline/retry'
import type { Platform } from '../platform'
import type { Credentials } from '../transport/credentials'
import { FIRST_WAIT_MS, type Setback, Setbacks } from './setbacks'

/** What the loop remembers of its connections: when the last one opened, why it is gone, when there may be another. */
export class Recovery {
  /** Why the last attempt failed; `undefined`: it did not. */
  setback: Setback | undefined
  readonly setbacks: Setbacks
  /** When the connection opened, epoch milliseconds; `undefined`: there is none that is open. */
  private openedAt: number | undefined
  private failedAt = 0
  /** Before then the server does not want to see us. */
  private notBefore = 0
  private hasRenewedKey = false

  constructor(
    private readonly credentials: Pick<Credentials, 'canRenew'>,
    retry: RetryPolicy,
    private readonly platform: Pick<Platform, 'now' | 'random'>,
  ) {
    this.setbacks = new Setbacks(retry)
  }

  /** How long the server wants to be left alone from now on, in milliseconds; not above 0: it does not. */
  get floorMs(): number {
    return this.notBefore - this.platform.now()
  }

  /** How long to wait until the next attempt, in milliseconds. */
  get waitMs(): number {
    return this.setback ? this.setback.retryAt - this.platform.now() : 0
  }

  /** Whether even a first failure would have been waited for by now. */
  get hasWaited(): boolean {
    return this.platform.now() - this.failedAt >= FIRST_WAIT_MS
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
    this.setback = { state: 'interrupted', error, retryAt: this.failedAt }
  }

  /** Decides when the next attempt is. Answers whether `onError` is to hear of the failure. */
  judge(error: IronflowError): boolean {
    const { setback, isTold } = this.setbacks.judge(error, this.failedAt, this.platform.random())
    this.notBefore = this.failedAt + (error.retryAfterMs ?? 0)
    this.setback = setback
    return isTold
  }

  /** The wait is over, and with it the server's: it was part of it, and the clock may have been put back meanwhile. */
  waited(): void {
    this.notBefore = 0
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
