import type { Engine } from '../engine/engine'
import type { WatchStats } from '../observe/watch-stats'
import type { Limits } from '../options'
import type { Hub } from './hub'

/** What everything that watches stands on. */
export interface WatchParts {
  readonly engine: Engine
  readonly hub: Hub
  readonly limits: Limits
  readonly stats: WatchStats
  readonly heartbeatMs: number
  readonly now: () => number
}
