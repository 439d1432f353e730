import type { Subscription } from '@ironflow/core/protocol'
import { bucketDefaults, createMemoryEngine, DEFAULTS, type Engine, type Limits } from '../../src'
import { ANYBODY, type Principal } from '../../src/domain/principal'
import { WatchStats } from '../../src/observe/watch-stats'
import { Turns } from '../../src/turns'
import { Hub } from '../../src/watch/hub'
import { Session } from '../../src/watch/session'
import { RecordingSink, settle } from '../support/recording-sink'

/** A store whose clock is the test's, and sessions on it. */
export class WatchWorld {
  now = 1_700_000_000_000
  readonly engine: Engine
  readonly hub: Hub
  readonly turns = new Turns()
  readonly stats = new WatchStats()
  private readonly limits: Limits

  constructor({ limits, tombstoneRetentionMs }: { limits?: Partial<Limits>; tombstoneRetentionMs?: number } = {}) {
    this.engine = createMemoryEngine({ bucketDefaults: bucketDefaults(), tombstoneRetentionMs, now: () => this.now })
    this.hub = new Hub(this.engine)
    this.limits = { ...DEFAULTS.limits, ...limits }
  }

  /** Opens a session with these subscriptions, and lets it come to rest. */
  async watch(
    subscriptions: readonly Subscription[],
    { sink = new RecordingSink(), principal = ANYBODY }: { sink?: RecordingSink; principal?: Principal } = {},
  ): Promise<RecordingSink> {
    const { engine, hub, turns, stats, limits } = this
    const parts = { engine, hub, turns, stats, limits, heartbeatMs: 15_000, now: () => this.now }
    const session = new Session(parts, { environment: 'default', principal, keyHash: undefined, sink }, () => {})
    sink.session = session
    for (const subscription of subscriptions) session.subscribe(subscription)
    await settle()
    return sink
  }

  put(key: string, value: unknown, bucket = 'b', ttlSeconds?: number) {
    const text = JSON.stringify(value)
    return this.engine.put(`APP_default_${bucket}`, key, { encoding: 'json', text }, { ttlSeconds })
  }

  set(name: string, data: object) {
    return this.put(name, data, 'SYS_config')
  }

  delete(key: string, bucket = 'b') {
    return this.engine.delete(`APP_default_${bucket}`, key)
  }

  /** Lets time pass, and the store notice it. */
  async wait(ms: number, bucket = 'b'): Promise<void> {
    this.now += ms
    await this.engine.bucketInfo(`APP_default_${bucket}`)
    await settle()
  }
}
