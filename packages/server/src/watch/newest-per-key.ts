import type { Cursor } from '@ironflow/core/protocol'
import type { Change } from './change'

/** What the queues of a connection may hold, all together. */
export interface QueueBounds {
  readonly keys: number
  readonly bytes: number
}

/** Room that all queues of a connection share. */
export class QueueRoom {
  private keys = 0
  private bytes = 0

  constructor(private readonly bounds: QueueBounds) {}

  /** Whether more is held than there is room for. A single change is never too much. */
  get isOverfull(): boolean {
    return this.keys > this.bounds.keys || (this.bytes > this.bounds.bytes && this.keys > 1)
  }

  take({ bytes }: Change): void {
    this.keys++
    this.bytes += bytes
  }

  giveBack({ bytes }: Change): void {
    this.keys--
    this.bytes -= bytes
  }
}

/** Changes that wait, of each key only the newest, in the order of revisions. */
export class NewestPerKey {
  private readonly changes = new Map<string, Change>()

  constructor(private readonly room: QueueRoom) {}

  get size(): number {
    return this.changes.size
  }

  /** Adds a change, which is newer than all there are. Answers whether one of the same key made room for it. */
  add(change: Change): boolean {
    const { key } = change.entry
    const hadOlder = this.remove(key)
    this.changes.set(key, change)
    this.room.take(change)
    return hadOlder
  }

  /** Takes out the oldest. */
  take(): Change | undefined {
    for (const [key, change] of this.changes) {
      this.remove(key)
      return change
    }
    return undefined
  }

  /** Forgets what is not newer than a place, and changes of another life of the bucket. All are of one life. */
  dropThrough({ epoch, revision }: Cursor): void {
    for (const [key, { place }] of this.changes) {
      if (place.epoch === epoch && place.revision > revision) return
      this.remove(key)
    }
  }

  clear(): void {
    for (const key of [...this.changes.keys()]) this.remove(key)
  }

  private remove(key: string): boolean {
    const change = this.changes.get(key)
    if (!change) return false
    this.room.giveBack(change)
    return this.changes.delete(key)
  }
}
