import type { EngineEvent } from '../engine/engine'
import { Change } from './change'
import { later, type Position } from './position'

/** Told of what happens in a bucket, in the order of revisions. Must not throw. */
export interface FeedListener {
  /** One of the keys it asked for changed. */
  changed(change: Change): void
  /** The bucket and all it held are gone. */
  deleted(revision: number): void
}

/** One bucket's changes, fanned out. */
export class Feed {
  private readonly byKey = new Map<string, Set<FeedListener>>()
  private readonly wide = new Set<FeedListener>()
  private count = 0
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
    return this.count === 0
  }

  /** Tells `listener` of these keys, or of all. Who watches few keys costs the changes of others nothing. */
  add(listener: FeedListener, keys: readonly string[] | undefined): void {
    this.count++
    if (!keys) this.wide.add(listener)
    for (const key of keys ?? []) {
      const others = this.byKey.get(key)
      if (others) others.add(listener)
      else this.byKey.set(key, new Set([listener]))
    }
  }

  remove(listener: FeedListener, keys: readonly string[] | undefined): void {
    this.count--
    if (!keys) this.wide.delete(listener)
    for (const key of keys ?? []) {
      const others = this.byKey.get(key)
      others?.delete(listener)
      if (others?.size === 0) this.byKey.delete(key)
    }
  }

  tell(event: EngineEvent): void {
    if (event.type === 'entry') {
      const change = new Change(this.epoch, this.bucket, event.entry)
      const narrow = this.byKey.get(event.entry.key)
      if (narrow) for (const listener of narrow) listener.changed(change)
      for (const listener of this.wide) listener.changed(change)
      this.position = later(change, this.position)
      return
    }
    const { revision, createdAt } = event
    // A listener may be under several keys, and shall be told once.
    const all = new Set(this.wide)
    for (const listeners of this.byKey.values()) for (const listener of listeners) all.add(listener)
    for (const listener of all) listener.deleted(revision)
    this.position = later({ revision, time: createdAt }, this.position)
  }
}
