import type { CommitStats } from '../engine/engine'
import { Histogram } from './histogram'

/**
 * Counts an engine's commits for `/metrics`. The engine is made before the server, so the meter stands between them:
 * its {@link observe} is the engine's `onCommit`, the meter itself to the server.
 */
export class CommitMeter {
  readonly writes = new Histogram([1, 2, 4, 8, 16, 32, 64, 128, 256])
  readonly seconds = new Histogram([0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5])

  /** Bound, so that it can be handed over as it is. */
  readonly observe = (batch: CommitStats): void => {
    this.writes.observe(batch.writes)
    this.seconds.observe(batch.durationMs / 1000)
  }
}
