import { errorFor } from '@ironflow/core/errors'
import type { Principal } from '../domain/principal'
import type { Engine } from '../engine/engine'
import type { CommitMeter } from './commit-meter'
import type { RequestStats } from './request-stats'
import type { WatchStats } from './watch-stats'

/** What `/metrics` is made from. */
export interface MetricsParts {
  readonly engine: Engine
  readonly requests: RequestStats
  readonly commits: CommitMeter
  readonly watches: WatchStats
  /** The most buckets that are shown one by one. */
  readonly maxBuckets: number
}

/** A scrape, ready to be sent. */
export interface Scrape {
  readonly contentType: string
  readonly text: string
}

/** Renders what a server counts. */
export interface MetricsExporter {
  /** Leaves out the buckets that the principal may not read. */
  scrape(principal: Principal): Promise<Scrape>
}

/** The exporter of a server that was given none. */
export const noMetrics: MetricsExporter = {
  async scrape() {
    throw errorFor('unsupported', 'this server has no metrics: createServer was not given `metrics`')
  },
}
