import type { Cursor } from '@ironflow/core/protocol'
import type { Change } from './change'

/** What a queue may hold. */
export interface QueueBounds {
  readonly keys: number
  readonly bytes: number
}

/** Changes that wait, of each key only the newest, in the order of revisions. */
export class NewestPerKey {
  private readonly changes = new Map<string, Change>()
  private bytes = 0

  constructor(private readonly bounds: QueueBounds) {}

  get size(): number {
    return this.changes.size
  }

  /** Whether it holds more than it may. A single change is never too much. */
  get isOverfull(): boolean {
    return this.changes.size > this.bounds.keys || (this.bytes > this.bounds.bytes && this.changes.size > 1)
  }

  /** Adds a change, which is newer than all there are. Answers whether one of the same key made room for it. */
  add(change: Change): boolean {
    const { key } = change.entry
    const hadOlder = this.remove(key)
    this.changes.set(key, change)
    this.bytes += change.bytes
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
    this.changes.clear()
    this.bytes = 0
  }

  private remove(key: string): boolean {
    const change = this.changes.get(key)
    if (!change) return false
    this.bytes -= change.bytes
    return this.changes.delete(key)
  }
}
