import { hasCode, IronflowError } from '../errors/ironflow-error'
import { TimeoutError } from '../errors/kinds'
import { MAX_TIMER_MS, type Platform } from '../platform'
import { onAbort } from './abort'

/**
 * A span of work that ends early: by its time running out, by its owner, or by the span around it. `signal` aborts with
 * the `IronflowError` that says which. Call {@link end} when the work is done: then neither timer nor listener is left.
 */
export class Deadline {
  /** What had gone wrong so far; becomes the cause of a time-out. */
  lastError: IronflowError | undefined
  /** Why this span ended early; `undefined`: it has not. */
  reason: IronflowError | undefined

  // Made when it is first asked for: a controller costs more than all the rest, and a call's outer span seldom needs one.
  private controller: AbortController | undefined
  private readonly listeners = new Set<(reason: IronflowError) => void>()
  private readonly endsAt: number
  private readonly release: Array<() => void> = []

  /**
   * A span by itself has no timer: the spans within it have the timers, of which the last it allows ends with it.
   *
   * @param what the message of the time-out, with the name of the option that set its time
   * @param outer the span around this one, which it never outlives
   */
  constructor(
    private readonly platform: Pick<Platform, 'now' | 'setTimer'>,
    private readonly timeoutMs: number,
    private readonly what: string,
    outer?: Deadline,
  ) {
    this.endsAt = platform.now() + timeoutMs
    if (outer) this.within(outer)
  }

  get remainingMs(): number {
    return this.endsAt - this.platform.now()
  }

  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController()
      if (this.reason) this.controller.abort(this.reason)
    }
    return this.controller.signal
  }

  /** Ends this span, and every one within it. A second reason is not heard. */
  abort(reason: IronflowError): void {
    if (this.reason) return
    this.reason = reason
    this.controller?.abort(reason)
    for (const listener of this.listeners) listener(reason)
  }

  /** Ends this span when the caller's signal aborts: code `aborted`, with the signal's reason as cause. */
  abortWith(signal: AbortSignal): void {
    const aborted = () => new IronflowError('the call was aborted by its caller', 'aborted', { cause: signal.reason })
    this.release.push(onAbort(signal, () => this.abort(aborted())))
  }

  /** Returns what `promise` brings, unless this span ends first: for promises that cannot be cancelled. */
  until<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.reason) reject(this.reason)
      // Stays until the span is collected: it has one such promise, and is over soon after it.
      this.listeners.add(reject)
      // Also after an end, so that what the promise does later is never an unhandled rejection.
      promise.then(resolve, reject)
    })
  }

  end(): void {
    for (const release of this.release.splice(0)) release()
  }

  private within(outer: Deadline): void {
    if (outer.reason) this.abort(outer.reason)
    const listener = (reason: IronflowError) => this.abort(reason)
    outer.listeners.add(listener)
    this.release.push(() => outer.listeners.delete(listener))
    // Decided now: a timer may fire a moment early, and then the clock would say that no time is up.
    const { remainingMs } = outer
    const first = remainingMs <= this.timeoutMs ? outer : this
    const ms = Math.min(remainingMs, this.timeoutMs)
    if (ms > MAX_TIMER_MS) return // Weeks: as good as never.
    this.release.push(this.platform.setTimer(() => first.timeOut(), ms))
  }

  private timeOut(): void {
    const message = `${this.what} (${this.timeoutMs} ms)`
    this.abort(new TimeoutError(message, 'timeout', { status: undefined, cause: this.lastError }))
  }
}

/**
 * Returns what `promise` brings.
 *
 * @param what for the message of the time-out
 * @throws TimeoutError after `timeoutMs`; IronflowError `aborted` when the signal aborts
 */
export async function within<T>(
  platform: Pick<Platform, 'now' | 'setTimer'>,
  timeoutMs: number,
  what: string,
  promise: Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const deadline = new Deadline(platform, timeoutMs, what, new Deadline(platform, timeoutMs, what))
  try {
    if (signal) deadline.abortWith(signal)
    return await deadline.until(promise)
  } finally {
    deadline.end()
  }
}

/** Returns whether a span ended because its time, or that of the span around it, had run out. */
export function hasTimedOut(signal: AbortSignal): boolean {
  return hasCode(signal.reason, 'timeout')
}
