import type { Cursor } from '@ironflow/core/protocol'
import type { WatchStats } from '../observe/watch-stats'
import type { Change } from './change'
import { NewestPerKey, type QueueRoom } from './newest-per-key'

/**
 * Changes that a subscription has heard of and not been sent: the newest of each key, as far as its connection has room
 * for them. Counts those that no reader will see.
 */
export class HeardChanges {
  private readonly queue: NewestPerKey
  /** Whether changes were not kept since {@link forget}. */
  private isIncomplete = false
  /** Changes that were not kept, and those that were read from the store in their stead. */
  private forgotten = 0
  private readInstead = 0

  constructor(
    private readonly room: QueueRoom,
    private readonly stats: Pick<WatchStats, 'dropped'>,
  ) {
    this.queue = new NewestPerKey(room)
  }

  get isEmpty(): boolean {
    return this.queue.size === 0
  }

  /** Whether every change since {@link forget} is here, or was taken. */
  get isComplete(): boolean {
    return !this.isIncomplete
  }

  /** Keeps a change. Returns whether there was room; if not, it and all that were kept are forgotten. */
  add(change: Change): boolean {
    if (this.queue.add(change)) this.stats.dropped++
    if (!this.room.isOverfull) return true
    this.forget()
    this.isIncomplete = true
    return false
  }

  /** Counts a change that is not even looked at. */
  pass(): void {
    this.forgotten++
  }

  /** Counts a change that was read from the store. */
  wasRead(): void {
    this.readInstead++
  }

  /** Takes out the oldest. */
  take(): Change | undefined {
    return this.queue.take()
  }

  /** Forgets them all: what is read from the store from now on has them. */
  forget(): void {
    this.forgotten += this.queue.size
    this.queue.clear()
    this.isIncomplete = false
  }

  /** Forgets those that are not newer than a place, up to which everything has been sent. */
  caughtUp(place: Cursor): void {
    const heard = this.queue.size
    this.queue.dropThrough(place)
    this.forgotten += heard - this.queue.size
    this.stats.dropped += Math.max(0, this.forgotten - this.readInstead)
    this.forgotten = 0
    this.readInstead = 0
  }
}
