import type { Operation } from '@ironflow/core/protocol'
import { type BucketConfig, type BucketRecord, epochOf, expiryOf } from '../bucket-config'
import type { Entry, StoredValue } from '../entry'
import type { KeyRange } from '../key-filter'
import { compareKeys } from '../key-order'
import { DueQueue } from './due-queue'

/** A revision of a key as it is stored: its expiry is worked out when asked, since a bucket's time-to-live may change. */
export interface StoredRevision {
  readonly key: string
  readonly revision: number
  readonly createdAt: number
  readonly operation: Operation
  readonly value?: StoredValue | undefined
  readonly bytes: number
  /** From the key's own time-to-live, epoch milliseconds. */
  readonly keyExpiresAt?: number | undefined
  readonly meta?: Readonly<Record<string, string>> | undefined
}

/** One bucket's entries, indexed by key in order, by change and by due time. It keeps, and knows none of the rules. */
export class MemoryBucket {
  /** Revisions of each key, oldest first. A write moves its key to the end, so the map is in order of change. */
  readonly #keys = new Map<string, StoredRevision[]>()
  readonly #sorted: string[] = []
  #due = new DueQueue<StoredRevision>()
  #values = 0
  #bytes = 0
  /** Cursors below this may have missed a tombstone that is forgotten by now. */
  floor: number

  readonly epoch: string

  constructor(
    readonly name: string,
    storeId: string,
    readonly createdAt: number,
    readonly createdRevision: number,
    private readonly retentionMs: number,
    private config: BucketConfig,
  ) {
    this.floor = createdRevision
    this.epoch = epochOf(storeId, createdRevision)
  }

  get bytes(): number {
    return this.#bytes
  }

  /** When something is to be expired or forgotten next, epoch milliseconds. */
  get nextDue(): number {
    return this.#due.soonest
  }

  getConfig(): BucketConfig {
    return this.config
  }

  setConfig(config: BucketConfig): void {
    this.config = config
    for (const [key, revisions] of this.#keys) {
      this.#trim(key, revisions)
      this.#schedule(revisions.at(-1))
    }
  }

  record(): BucketRecord {
    const { name, epoch, createdAt, createdRevision } = this
    return { name, epoch, ...this.config, createdAt, createdRevision, values: this.#values, bytes: this.#bytes }
  }

  newest(key: string): StoredRevision | undefined {
    return this.#keys.get(key)?.at(-1)
  }

  revisions(key: string): readonly StoredRevision[] {
    return this.#keys.get(key) ?? []
  }

  add(stored: StoredRevision): void {
    const revisions = this.#keys.get(stored.key) ?? []
    if (revisions.length === 0) this.#sorted.splice(this.#indexFrom(stored.key), 0, stored.key)
    this.#count(revisions.at(-1), -1)
    this.#count(stored, 1)
    if (stored.operation === 'purge') revisions.length = 0
    revisions.push(stored)
    this.#keys.delete(stored.key)
    this.#trim(stored.key, revisions)
    this.#schedule(stored)
  }

  /** Takes out the next value whose time has come, and forgets tombstones whose time has. */
  takeExpired(now: number): StoredRevision | undefined {
    for (let stored = this.#due.take(now); stored; stored = this.#due.take(now)) {
      // What is due may have been written over since, or the time-to-live may have grown.
      if (stored !== this.newest(stored.key)) continue
      if (this.#dueAt(stored) > now) this.#schedule(stored)
      else if (stored.value) return stored
      else this.#forget(stored)
    }
    return undefined
  }

  /** The newest revision of each key after `after` that is in one of the ranges, in the order of keys. */
  *keysIn(ranges: readonly KeyRange[], after: string | undefined): Generator<StoredRevision> {
    for (const { start, isKey } of ranges) {
      let index = this.#indexFrom(after !== undefined && compareKeys(after, start) > 0 ? after : start)
      if (this.#sorted[index] === after) index++
      for (let key = this.#sorted[index]; key !== undefined; key = this.#sorted[++index]) {
        if (isKey ? key !== start : !key.startsWith(start)) break
        const stored = this.newest(key)
        if (stored) yield stored
      }
    }
  }

  /** The newest revision of each key that changed after `revision`, in order. */
  *changedAfter(revision: number): Generator<StoredRevision> {
    for (const revisions of this.#keys.values()) {
      const stored = revisions.at(-1)
      if (stored && stored.revision > revision) yield stored
    }
  }

  view(stored: StoredRevision, withValue = true): Entry {
    const { key, revision, createdAt, operation, value, meta } = stored
    const entry: Entry = { key, epoch: this.epoch, revision, createdAt, operation }
    if (meta) entry.meta = meta
    if (value === undefined) return entry
    if (withValue) entry.value = copyOf(value)
    const expiresAt = this.#expiresAt(stored)
    if (expiresAt !== undefined) entry.expiresAt = expiresAt
    return entry
  }

  isPast(stored: StoredRevision, now: number): boolean {
    return stored.value !== undefined && (this.#expiresAt(stored) ?? Number.POSITIVE_INFINITY) <= now
  }

  #expiresAt(stored: StoredRevision): number | undefined {
    return expiryOf(this.config.ttlSeconds, stored.createdAt, stored.keyExpiresAt)
  }

  #dueAt(stored: StoredRevision): number {
    if (!stored.value) return stored.createdAt + this.retentionMs
    return this.#expiresAt(stored) ?? Number.POSITIVE_INFINITY
  }

  #schedule(stored: StoredRevision | undefined): void {
    const at = stored ? this.#dueAt(stored) : Number.POSITIVE_INFINITY
    if (stored && at < Number.POSITIVE_INFINITY) this.#due.add(at, stored)
    // A key that is written over and over leaves its old places behind; far more of those than keys is a leak.
    if (this.#due.size <= 2 * this.#keys.size + 64) return
    this.#due = new DueQueue()
    for (const revisions of this.#keys.values()) this.#schedule(revisions.at(-1))
  }

  /** The place in the order of keys of the first one that is not before `key`. */
  #indexFrom(key: string): number {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareKeys(this.#sorted[middle] ?? '', key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  #trim(key: string, revisions: StoredRevision[]): void {
    this.#keys.set(key, revisions.slice(-this.config.history))
  }

  #forget(tombstone: StoredRevision): void {
    this.#keys.delete(tombstone.key)
    this.#sorted.splice(this.#indexFrom(tombstone.key), 1)
    this.floor = Math.max(this.floor, tombstone.revision)
  }

  #count(stored: StoredRevision | undefined, sign: 1 | -1): void {
    if (!stored?.value) return
    this.#values += sign
    this.#bytes += sign * stored.bytes
  }
}

/** Bytes belong to whoever made them, who may write to them again: the store keeps, and hands out, copies. */
export function copyOf(value: StoredValue): StoredValue {
  return value.encoding === 'base64' ? { encoding: 'base64', bytes: new Uint8Array(value.bytes) } : value
}
