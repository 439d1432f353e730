import type { Cursor } from '@ironflow/core/protocol'
import type { Engine, Following } from '../engine/engine'
import { Feed, type FeedListener } from './feed'

/** A listener's place at a bucket's feed. */
export interface Seat {
  /** The newest change that all listeners have been told of. */
  readonly head: Cursor | undefined
  /** Resolves when the listener hears of every change from then on. */
  readonly started: Promise<void>
  /** Ends it. A second call does nothing. */
  leave(): void
}

/**
 * Where changes come up: one subscription to the engine per bucket and process, however many watch it. It begins with
 * the first watcher and ends with the last.
 */
export class Hub {
  private readonly feeds = new Map<string, { feed: Feed; following: Following }>()

  constructor(private readonly engine: Engine) {}

  /** How many buckets are followed. */
  get size(): number {
    return this.feeds.size
  }

  /**
   * Tells `listener` of every change of a key that any of these filters admits, from now on; absent: of all keys. The
   * bucket need not exist.
   *
   * @throws closed
   */
  join(bucket: string, filters: readonly string[] | undefined, listener: FeedListener): Seat {
    const followed = this.feeds.get(bucket) ?? this.follow(bucket)
    const { feed } = followed
    feed.add(listener, filters)
    let isSeated = true
    return {
      get head() {
        return feed.head
      },
      started: followed.following.started,
      leave: () => {
        if (!isSeated) return
        isSeated = false
        feed.remove(listener, filters)
        if (!feed.isEmpty) return
        followed.following.stop()
        this.feeds.delete(bucket)
      },
    }
  }

  private follow(bucket: string): { feed: Feed; following: Following } {
    const feed = new Feed(bucket)
    const following = this.engine.follow(bucket, (event) => feed.tell(event))
    const followed = { feed, following }
    this.feeds.set(bucket, followed)
    return followed
  }
}
