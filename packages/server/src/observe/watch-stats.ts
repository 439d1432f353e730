import type { ResetReason } from '@ironflow/core/protocol'
import { Histogram } from './histogram'

/** What `/metrics` says about watching. */
export class WatchStats {
  /** Seconds from a commit to its frame's way out, of changes that were not read from the store. */
  readonly lag = new Histogram([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10])
  /** Subscriptions that are open, by transport. */
  readonly watchers = new Map<string, number>()
  readonly resets = new Map<ResetReason, number>()
  /** Subscriptions that came with a cursor. */
  resumes = 0
  /** Changes that a slow reader was not sent, since a newer one of the same key was to follow. About. */
  dropped = 0

  opened(transport: string): void {
    add(this.watchers, transport, 1)
  }

  closed(transport: string): void {
    add(this.watchers, transport, -1)
  }

  reset(reason: ResetReason): void {
    add(this.resets, reason, 1)
  }
}

function add<K>(counts: Map<K, number>, key: K, amount: number): void {
  counts.set(key, (counts.get(key) ?? 0) + amount)
}
