import type { IronflowError } from '../errors/ironflow-error'
import type { RetryPolicy } from '../pipeline/retry'
import type { Platform } from '../platform'
import type { Credentials } from '../transport/credentials'
import { FIRST_WAIT_MS, Setbacks, type Verdict } from './setbacks'

/** What the loop remembers of its connections: when the last one opened, why it is gone, when there may be another. */
export class Recovery {
  /** Why the last attempt failed; `undefined`: it did not. */
  error: IronflowError | undefined
  /** When the connection opened, epoch milliseconds. */
  openedAt = 0
  /** When it is tried again, epoch milliseconds. */
  retryAt = 0
  private readonly setbacks: Setbacks
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

  /** How many attempts to connect `onError` is told of. */
  get attempts(): number {
    return this.setbacks.attempts
  }

  /** How long the server wants to be left alone from now on, in milliseconds; not above 0: it does not. */
  get floorMs(): number {
    return this.notBefore - this.platform.now()
  }

  /** How long to wait until the next attempt, in milliseconds. */
  get waitMs(): number {
    return Math.max(0, this.retryAt - this.platform.now())
  }

  /** Whether even a first failure would have been waited for by now. */
  get hasWaited(): boolean {
    return this.platform.now() - this.failedAt >= FIRST_WAIT_MS
  }

  opened(): void {
    this.openedAt = this.platform.now()
    this.error = undefined
    this.hasRenewedKey = false
    this.setbacks.accepted()
  }

  /** The connection is given up. One that lasted makes up for what failed before it, however it ends. */
  left(): void {
    this.setbacks.worked(this.platform.now() - this.openedAt)
  }

  /** An attempt failed. Until it is judged, the next one is to be made at once. */
  failed(error: IronflowError): void {
    this.error = error
    this.failedAt = this.retryAt = this.platform.now()
  }

  /** Decides when the next attempt is. */
  judge(error: IronflowError): Verdict {
    const verdict = this.setbacks.judge(error, this.failedAt, this.platform.random())
    this.notBefore = this.failedAt + (error.retryAfterMs ?? 0)
    this.retryAt = this.failedAt + verdict.waitMs
    return verdict
  }

  /** The wait is over, and with it the server's: it was part of it, and the clock may have been put back meanwhile. */
  waited(): void {
    this.notBefore = 0
  }

  /** Whether the key was refused, and there may be another one by now. */
  get mayHaveOtherKey(): boolean {
    return this.error?.status === 401 && this.credentials.canRenew()
  }

  /** Whether to ask for the key again. Once: a key that was asked for again, and is refused again, is wrong. */
  mayRenewKey({ status }: IronflowError): boolean {
    if (status !== 401 || this.hasRenewedKey || !this.credentials.canRenew()) return false
    this.hasRenewedKey = true
    return true
  }
}
