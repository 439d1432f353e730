import type { Engine } from '../engine/engine'
import type { Limits } from '../limits'
import type { WatchStats } from '../observe/watch-stats'
import type { Turns } from '../turns'
import type { Hub } from './hub'

/** What everything that watches stands on. */
export interface WatchParts {
  readonly engine: Engine
  readonly hub: Hub
  /** In which sessions read pages from the store. */
  readonly turns: Turns
  readonly limits: Limits
  readonly stats: WatchStats
  readonly heartbeatMs: number
  readonly now: () => number
}
