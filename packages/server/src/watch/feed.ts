import type { EngineEvent } from '../engine/engine'
import { FilterIndex } from '../engine/filter-index'
import { Change } from './change'
import { later, type Position } from './position'

/** Told of what happens in a bucket, in the order of revisions. Must not throw. */
export interface FeedListener {
  /** One of the keys it asked for changed. */
  changed(change: Change): void
  /** The bucket and all it held are gone. */
  deleted(revision: number): void
}

const ALL = ['>'] as const

/** One bucket's changes, fanned out. */
export class Feed {
  private readonly listeners = new Set<FeedListener>()
  private readonly byFilter = new FilterIndex<FeedListener>()
  /** The newest change that all listeners have been told of. */
  private position: Position | undefined

  constructor(
    private readonly epoch: string,
    private readonly bucket: string,
  ) {}

  get head(): Position | undefined {
    return this.position
  }

  get isEmpty(): boolean {
    return this.listeners.size === 0
  }

  /** Tells `listener` of the keys that a filter admits; absent: of all. The changes of other keys cost nothing. */
  add(listener: FeedListener, filters: readonly string[] = ALL): void {
    this.listeners.add(listener)
    for (const filter of filters) this.byFilter.add(filter, listener)
  }

  /** Ends what {@link add} began, with the same filters. */
  remove(listener: FeedListener, filters: readonly string[] = ALL): void {
    this.listeners.delete(listener)
    for (const filter of filters) this.byFilter.remove(filter, listener)
  }

  tell(event: EngineEvent): void {
    if (event.type === 'entry') {
      const change = new Change(this.epoch, this.bucket, event.entry)
      this.deliver(this.byFilter.match(event.entry.key), (listener) => listener.changed(change))
      this.position = later(change, this.position)
      return
    }
    const { revision, createdAt } = event
    this.deliver([this.listeners], (listener) => listener.deleted(revision))
    this.position = later({ revision, time: createdAt }, this.position)
  }

  /** Tells the listeners of all sets, each once; not those that have left meanwhile. */
  private deliver(sets: readonly ReadonlySet<FeedListener>[], tell: (listener: FeedListener) => void): void {
    const [only, ...others] = sets
    const all = others.length === 0 ? only : new Set(sets.flatMap((set) => [...set]))
    for (const listener of all ?? []) if (this.listeners.has(listener)) tell(listener)
  }
}
