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
 * Results of the writes of the last two minutes, by their `once`. Times are the engine's clock: writes are added in its
 * order, so the oldest are the first to go.
 */
export class AppliedWrites<R> {
  private readonly results = new OldestFirstMap<Applied<R>>()

  get size(): number {
    return this.results.size
  }

  find(once: string, now: number): R | undefined {
    const applied = this.results.get(once)
    return applied && applied.at > now - ONCE_WINDOW_MS ? applied.result : undefined
  }

  add(once: string, result: R, now: number): void {
    this.results.set(once, { at: now, result })
    for (let oldest = this.results.oldest(); oldest; oldest = this.results.oldest()) {
      if (this.results.size <= MAX_RESULTS && oldest[1].at > now - ONCE_WINDOW_MS) return
      this.results.delete(oldest[0])
    }
  }

  /** Forgets one, whose transaction was rolled back. */
  delete(once: string): void {
    this.results.delete(once)
  }
}
