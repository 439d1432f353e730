import { expiryOf } from '../bucket-config'
import { type BucketState, type BucketTable, isRemoved } from './bucket-table'
import { type EntryTable, type KeyRow, olderOf } from './entry-table'
import type { Revisions } from './revisions'

/** Rows that one step changes, about: some milliseconds' worth, after which other writes have their turn. */
const STEP_ROWS = 500

/** Bytes of a removed value that take about as long as a row. */
const BYTES_PER_ROW = 16 * 1024

/**
 * Work on many keys, in steps of a bounded number of rows, each in a transaction of its own: committing expiries,
 * forgetting tombstones, bringing keys in line with changed options of their bucket, and clearing removed buckets. What
 * is left to do can be told from the database, so a restart goes on with it.
 */
export class Upkeep {
  readonly #buckets: BucketTable
  readonly #entries: EntryTable
  readonly #revisions: Revisions
  readonly #retentionMs: number

  constructor(buckets: BucketTable, entries: EntryTable, revisions: Revisions, tombstoneRetentionMs: number) {
    this.#buckets = buckets
    this.#entries = entries
    this.#revisions = revisions
    this.#retentionMs = tombstoneRetentionMs
  }

  /** One step of each kind of work that is due. Returns whether all of it is done. */
  step(now: number): boolean {
    const due = this.#entries.due(now, STEP_ROWS)
    for (const row of due) this.#expireIfDue(row, now)
    const forgettable = this.#entries.deletedBefore(now - this.#retentionMs, STEP_ROWS)
    for (const row of forgettable) this.#revisions.forget(row)
    return due.length < STEP_ROWS && forgettable.length < STEP_ROWS && this.#bucketStep()
  }

  /**
   * A step of bringing a bucket's keys in line with its options: when their values expire, and how many revisions are
   * kept. Returns whether all of them are.
   */
  bringInLine(bucket: BucketState): boolean {
    if (bucket.staleAfter === null) return true
    const isDone = this.#forEachKey(bucket, bucket.staleAfter, (row) => {
      bucket.staleAfter = row.key
      return this.#bringKeyInLine(bucket, row)
    })
    if (isDone) bucket.staleAfter = null
    this.#buckets.touch(bucket)
    return isDone
  }

  /** A step of committing the expiries that are due in a bucket. Returns whether all of them are committed. */
  expireDue(bucket: BucketState, now: number): boolean {
    const due = this.#entries.dueIn(bucket.id, now, STEP_ROWS)
    for (const row of due) this.#expireIfDue(row, now)
    return due.length < STEP_ROWS
  }

  /** A step of removing the keys of a removed bucket, and at the end the bucket. Returns whether it is gone. */
  clear(bucket: BucketState): boolean {
    const isDone = this.#forEachKey(bucket, '', (row) => {
      this.#revisions.forget(row)
      return (olderOf(row).length + 1) * (1 + (row.bytes ?? 0) / BYTES_PER_ROW)
    })
    if (isDone) this.#buckets.delete(bucket)
    return isDone
  }

  /** When a value expires by the options that its bucket has now. */
  expiryOf(bucket: BucketState, { revision, bytes }: KeyRow): number | null {
    const times = bytes === null ? undefined : this.#entries.timesOf(revision)
    if (!times) return null
    return expiryOf(bucket.config.ttlSeconds, times.createdAt, times.keyExpiresAt ?? undefined) ?? null
  }

  #bucketStep(): boolean {
    const removed = this.#buckets.removed()
    if (removed) return this.clear(removed) && this.#buckets.removed() === undefined && !this.#buckets.stale()
    const stale = this.#buckets.stale()
    return !stale || (this.bringInLine(stale) && !this.#buckets.stale())
  }

  /** Works on keys until that has cost as much as a step may; returns whether those were all. */
  #forEachKey(bucket: BucketState, after: string, work: (row: KeyRow) => number): boolean {
    const rows = this.#entries.keysAfter(bucket.id, after, STEP_ROWS)
    let cost = 0
    for (const [index, row] of rows.entries()) {
      cost += work(row)
      if (cost >= STEP_ROWS && index < rows.length - 1) return false
    }
    return rows.length < STEP_ROWS
  }

  #bringKeyInLine(bucket: BucketState, row: KeyRow): number {
    const older = olderOf(row)
    const kept = this.#revisions.trim([...older], bucket.config.history - 1)
    const expiresAt = this.expiryOf(bucket, row)
    if (expiresAt !== row.expiresAt || kept !== row.older) {
      this.#entries.setKey({ ...row, expiresAt, older: kept }, true)
    }
    return 1 + Math.max(0, older.length - bucket.config.history + 1)
  }

  /** Commits an expiry, unless the key is of a removed bucket, or was due only by options that have changed since. */
  #expireIfDue(row: KeyRow, now: number): void {
    const bucket = this.#revisions.bucketOf(row)
    if (isRemoved(bucket)) {
      this.#revisions.forget(row)
      return
    }
    const expiresAt = bucket.staleAfter === null ? row.expiresAt : this.expiryOf(bucket, row)
    if (expiresAt !== null && expiresAt <= now) this.#revisions.expire(row, now)
    else this.#entries.setKey({ ...row, expiresAt }, true)
  }
}
