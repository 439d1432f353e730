import { asyncDispose } from '../async/dispose'
import { callHook } from '../hooks'
import type { ConfigEntry } from '../protocol/model'
import type { ConfigDelete, ConfigUpdate } from './config-kind'
import type { WatchStatus } from './status'
import type { Watcher } from './watcher'

/**
 * The newest content of a document, in memory: reading it makes no call. What user interfaces stand on; its functions
 * need no `this`.
 *
 * @example
 * ```ts
 * const limits = client.config().live<Limits>('limits')
 * await limits.ready
 * if (used >= (limits.getSnapshot()?.data.seats ?? 0)) refuse()
 * ```
 */
export class LiveDocument<T> implements AsyncDisposable {
  /** Resolves when it is known what the document is. Rejects when it is stopped before. Need not be awaited. */
  readonly ready: Promise<void>
  private current: ConfigEntry<T> | undefined
  private readonly listeners = new Set<() => void>()
  private readonly watcher: Watcher<unknown>

  /** @param watch begins to watch the document with these callbacks */
  constructor(
    watch: (
      onUpdate: (update: ConfigUpdate<T>) => void,
      onDelete: (deletion: ConfigDelete) => void,
    ) => Watcher<unknown>,
    private readonly now: () => number,
  ) {
    this.watcher = watch(
      ({ name, data, revision, epoch, updatedAt }) => this.change({ name, data, revision, epoch, updatedAt }),
      () => this.change(undefined),
    )
    this.ready = this.watcher.ready
  }

  /** The document; `undefined`: there is none, or it is not known yet. The same object until it changes. */
  readonly getSnapshot = (): ConfigEntry<T> | undefined => this.current

  /** Calls `listener` after each change. The returned function takes that back. */
  readonly subscribe = (listener: () => void): (() => void) => {
    // One entry for each call, also for a listener that subscribes twice.
    const entry = () => callHook(listener)
    this.listeners.add(entry)
    return () => {
      this.listeners.delete(entry)
    }
  }

  get status(): WatchStatus {
    return this.watcher.status
  }

  /** When it was last known to be what the server has, epoch milliseconds; `undefined`: not yet. */
  get lastSyncedAt(): number | undefined {
    return this.watcher.status.lastSyncedAt
  }

  /** How many milliseconds ago that was: at most a heartbeat or so while all is well. `Infinity`: not yet. */
  get age(): number {
    const { lastSyncedAt } = this
    return lastSyncedAt === undefined ? Number.POSITIVE_INFINITY : this.now() - lastSyncedAt
  }

  /** Ends it. The snapshot stays what it is. */
  stop(): void {
    this.watcher.stop()
    this.listeners.clear()
  }

  async [asyncDispose](): Promise<void> {
    this.stop()
  }

  private change(entry: ConfigEntry<T> | undefined): void {
    this.current = entry
    for (const listener of [...this.listeners]) listener()
  }
}
