import { IronflowError } from '../errors/ironflow-error'
import { TimeoutError } from '../errors/kinds'
import type { Platform } from '../platform'

/** The longest delay a timer takes; anything above would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * A span of work that ends early: by its time running out, by its owner, or by the span around it. `signal` aborts with
 * the `IronflowError` that says which. Call {@link end} when the work is done: then neither timer nor listener is left.
 */
export class Deadline {
  readonly signal: AbortSignal
  /** What had gone wrong so far; becomes the cause of a time-out. */
  lastError: IronflowError | undefined

  private readonly controller = new AbortController()
  private readonly endsAt: number
  private readonly release: Array<() => void> = []

  constructor(
    private readonly platform: Pick<Platform, 'now' | 'setTimer'>,
    timeoutMs: number,
    what: string,
  ) {
    this.signal = this.controller.signal
    this.endsAt = platform.now() + timeoutMs
    this.release.push(
      platform.setTimer(
        () =>
          this.abort(
            new TimeoutError(`${what} took longer than ${timeoutMs} ms`, 'timeout', { cause: this.lastError }),
          ),
        Math.min(timeoutMs, MAX_TIMER_MS),
      ),
    )
  }

  get remainingMs(): number {
    return this.endsAt - this.platform.now()
  }

  abort(reason: IronflowError): void {
    this.controller.abort(reason)
  }

  /** Ends this span when the caller's signal aborts: code `aborted`, with the signal's reason as cause. */
  followCaller(signal: AbortSignal): void {
    this.follow(signal, () => abortedBy(signal))
  }

  /** Ends this span together with the one around it, for the same reason. */
  followOuter(outer: Deadline): void {
    this.follow(outer.signal, () => outer.signal.reason as IronflowError)
  }

  end(): void {
    for (const release of this.release.splice(0)) release()
  }

  private follow(signal: AbortSignal, reason: () => IronflowError): void {
    const listener = () => this.abort(reason())
    if (signal.aborted) {
      listener()
      return
    }
    signal.addEventListener('abort', listener, { once: true })
    this.release.push(() => signal.removeEventListener('abort', listener))
  }
}

function abortedBy(signal: AbortSignal): IronflowError {
  return new IronflowError('the call was aborted by its caller', 'aborted', { cause: signal.reason })
}

/** Waits; rejects with the signal's reason as soon as it aborts. */
export function sleep(platform: Pick<Platform, 'setTimer'>, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as IronflowError)
    const onAbort = () => {
      cancel()
      reject(signal.reason as IronflowError)
    }
    const cancel = platform.setTimer(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
