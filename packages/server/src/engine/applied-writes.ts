import { OldestFirstMap } from '../oldest-first-map'

/** Milliseconds for which a write is recognised when it is repeated: `OnceOptions.once`. */
export const ONCE_WINDOW_MS = 120_000

/** Results that are remembered at most. Beyond it the oldest go before their time. */
const MAX_RESULTS = 500_000

interface Applied<R> {
  readonly at: number
  readonly result: R
}

/**
 * Results of the writes of the last two minutes, by their `once`. Times are those of a monotonic clock: setting the wall
 * clock neither forgets a result early nor keeps it longer, and the oldest are the first to go.
 */
export class AppliedWrites<R> {
  private readonly results = new OldestFirstMap<Applied<R>>()

  get size(): number {
    return this.results.size
  }

  find(once: string, uptime: number): R | undefined {
    const applied = this.results.get(once)
    return applied && applied.at > uptime - ONCE_WINDOW_MS ? applied.result : undefined
  }

  add(once: string, result: R, uptime: number): void {
    this.results.set(once, { at: uptime, result })
    for (let oldest = this.results.oldest(); oldest; oldest = this.results.oldest()) {
      if (this.results.size <= MAX_RESULTS && oldest[1].at > uptime - ONCE_WINDOW_MS) return
      this.results.delete(oldest[0])
    }
  }

  /** Forgets one, whose transaction was rolled back. */
  delete(once: string): void {
    this.results.delete(once)
  }
}
