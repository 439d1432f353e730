import type { Cursor } from '@ironflow/core/protocol'
import type { EngineEvent } from '../engine/engine'
import { FilterIndex } from '../engine/filter-index'
import { Change } from './change'

/** Told of what happens in a bucket, in the order of revisions. Must not throw. */
export interface FeedListener {
  /** One of the keys it asked for changed. */
  changed(change: Change): void
  /** That life of the bucket is over: it and all it held are gone. */
  deleted(epoch: string): void
}

const ALL = ['>'] as const

/** One bucket's changes, fanned out. */
export class Feed {
  private readonly listeners = new Set<FeedListener>()
  private readonly byFilter = new FilterIndex<FeedListener>()
  /** The newest change that all listeners have been told of. */
  private place: Cursor | undefined

  constructor(private readonly bucket: string) {}

  get head(): Cursor | undefined {
    return this.place
  }

  get isEmpty(): boolean {
    return this.listeners.size === 0
  }

  /** Tells `listener` of the keys that a filter admits; absent: of all. The changes of other keys cost nothing. */
  add(listener: FeedListener, filters: readonly string[] = ALL): void {
    this.listeners.add(listener)
    this.byFilter.add(listener, filters)
  }

  /** Ends what {@link add} began, with the same filters. */
  remove(listener: FeedListener, filters: readonly string[] = ALL): void {
    this.listeners.delete(listener)
    this.byFilter.remove(listener, filters)
  }

  tell(event: EngineEvent): void {
    if (event.type === 'entry') {
      const change = new Change(this.bucket, event.entry)
      this.deliver(this.byFilter.match(event.entry.key), (listener) => listener.changed(change))
      this.place = change.place
    } else if (event.type === 'bucket_deleted') {
      const { epoch } = event
      this.deliver(this.listeners, (listener) => listener.deleted(epoch))
      this.place = undefined
    }
  }

  /** Tells these listeners; not those that have left meanwhile. */
  private deliver(listeners: Iterable<FeedListener>, tell: (listener: FeedListener) => void): void {
    for (const listener of listeners) if (this.listeners.has(listener)) tell(listener)
  }
}
