import { errorFor, normalize } from '@ironflow/core/errors'
import { matchesFilter, type Position } from '@ironflow/core/protocol'
import { type Database, SqliteError } from 'better-sqlite3'
import { epochOf } from '../bucket-config'
import {
  type BucketPage,
  type BucketRecord,
  type ChangesPage,
  type ChangesQuery,
  type EntriesPage,
  type EntriesQuery,
  type Entry,
  type HistoryQuery,
  NO_BUCKET,
  type StoredValue,
} from '../engine'
import { compareKeys, literalPrefix } from '../key-order'
import { type BucketRow, configOf, recordOf } from './bucket-table'
import { checksumOf } from './checksum'
import { ENCODINGS, OPERATIONS } from './codes'
import { openForReading } from './open-database'
import { type ReadRow, ReadStatements } from './read-statements'

/** How many keys one page of a filtered listing looks at, at most: some milliseconds' worth. */
const SCAN_LIMIT = 2_000

/** Values of more bytes than this end a page early, so that a page of large ones does not fill the memory. */
const PAGE_VALUE_BYTES = 8 * 1024 * 1024

/**
 * Reads what is committed, on a connection of its own: the worker's waiting for the disk never holds it up. Values past
 * their time are left out here, since their expiry may not be committed yet.
 */
export class Reader {
  readonly #storeEpoch: string
  readonly #now: () => number
  readonly #db: Database
  readonly #sql: ReadStatements

  constructor(path: string, storeEpoch: string, now: () => number) {
    this.#storeEpoch = storeEpoch
    this.#now = now
    this.#db = openForReading(path)
    this.#sql = new ReadStatements(this.#db)
  }

  close(): void {
    this.#db.close()
  }

  bucketInfo(name: string): BucketRecord | undefined {
    return this.#snapshot(() => {
      const bucket = this.#sql.bucket.get(name)
      return bucket && this.#record(bucket)
    })
  }

  listBuckets(prefix: string, { after, limit }: { after?: string | undefined; limit: number }): BucketPage {
    return this.#snapshot(() => {
      const rows = this.#sql.buckets.all(after ?? '', prefix.length, prefix, limit + 1)
      const buckets = rows.slice(0, limit).map((row) => this.#record(row))
      return { buckets, next: rows.length > limit ? buckets.at(-1)?.name : undefined }
    })
  }

  get(name: string, key: string, revision: number | undefined): Entry | undefined {
    return this.#guard(() => {
      const row =
        revision === undefined ? this.#sql.newest.get(key, name) : this.#sql.atRevision.get(revision, key, name)
      return row && !this.#isPast(row.expiresAt) ? this.#entry(row, true) : undefined
    })
  }

  history(name: string, key: string, { before, limit }: HistoryQuery): Entry[] {
    return this.#snapshot(() => {
      const query = { name, key, before: before ?? Number.MAX_SAFE_INTEGER, now: this.#now(), limit }
      return this.#sql.history(query).map((row) => this.#entry(row, true))
    })
  }

  entries(name: string, { filter, after, limit, values }: EntriesQuery): EntriesPage {
    return this.#snapshot(() => {
      const bucket = this.#sql.bucket.get(name)
      const page: EntriesPage = { entries: [], position: this.#positionIn(bucket) }
      if (!bucket) return page
      const prefix = literalPrefix(filter)
      const scan = filter === undefined ? limit + 1 : SCAN_LIMIT
      // A filter without wildcards is a key; else the prefix ends with a dot, which no key does.
      const from = after !== undefined && compareKeys(after, prefix) > 0 ? after : prefix
      const rows =
        filter !== undefined && prefix === filter
          ? from === prefix && after !== prefix
            ? this.#sql.liveKey(bucket.id, filter, this.#dueTime(bucket))
            : []
          : this.#sql.liveKeys(bucket.id, from, prefix, this.#dueTime(bucket), scan)
      let last = after
      let bytes = 0
      for (const { key, revision } of rows) {
        if (page.entries.length === limit || bytes > PAGE_VALUE_BYTES) return { ...page, next: last }
        last = key
        if (!matchesFilter(key, filter)) continue
        for (const entry of this.#entryOf(revision, bucket.name, values)) {
          if (this.#isPast(entry.expiresAt ?? null)) continue
          bytes += lengthOf(entry)
          page.entries.push(entry)
        }
      }
      return rows.length === scan ? { ...page, next: last } : page
    })
  }

  changesSince(name: string, { after, limit }: ChangesQuery): ChangesPage {
    return this.#snapshot((): ChangesPage => {
      const bucket = this.#sql.bucket.get(name)
      const position = this.#positionIn(bucket)
      // Revision 0 is before everything, and before it nothing can have been missed.
      if (after && after.revision > 0) {
        if (after.epoch !== position.epoch) return { lost: 'epoch', position }
        if (after.revision > position.revision) return { lost: 'ahead', position }
        if (bucket && after.revision < bucket.floor) return { lost: 'expired', position }
      }
      const from = after?.revision ?? 0
      const changes: Entry[] = []
      let bytes = 0
      for (const row of bucket ? this.#sql.changes.iterate(bucket.id, from, this.#dueTime(bucket)) : []) {
        if (this.#isPast(row.expiresAt)) continue
        if (changes.length === limit || bytes > PAGE_VALUE_BYTES) return { changes, more: true, position }
        const entry = this.#entry(row, true)
        bytes += lengthOf(entry)
        changes.push(entry)
      }
      return { changes, more: false, position }
    })
  }

  /** Whether there are expiries to commit, or tombstones of that time or earlier to forget. */
  isAnythingDue(now: number, deletedBefore: number): boolean {
    return this.#guard(
      () => this.#sql.due.get(now) !== undefined || this.#sql.forgettable.get(deletedBefore) !== undefined,
    )
  }

  /**
   * The time up to which the expiries that are stored with keys count. While keys are brought in line with new options of
   * their bucket, none do: what the options say is compared for each entry.
   */
  #dueTime({ staleAfter }: BucketRow): number {
    return staleAfter === null ? this.#now() : 0
  }

  #isPast(expiresAt: number | null): boolean {
    return expiresAt !== null && expiresAt <= this.#now()
  }

  /** One counter serves all buckets, so where a bucket is, it is as of the newest revision of them all. */
  #positionIn(bucket: BucketRow | undefined): Position {
    if (!bucket) return NO_BUCKET
    return { epoch: epochOf(this.#storeEpoch, bucket.createdRevision), revision: this.#sql.revision.get() ?? 0 }
  }

  #record(row: BucketRow): BucketRecord {
    const overdue = this.#sql.overdue.get(this.#now(), row.id) ?? { values: 0, bytes: 0 }
    const record = recordOf({ ...row, config: configOf(row) }, this.#storeEpoch)
    return { ...record, values: record.values - overdue.values, bytes: record.bytes - overdue.bytes }
  }

  #entryOf(revision: number, bucket: string, withValue: boolean): Entry[] {
    const row = withValue ? this.#sql.entry.get(revision, bucket) : this.#sql.bareEntry.get(revision, bucket)
    return row ? [this.#entry(row, withValue)] : []
  }

  #entry(row: ReadRow, withValue: boolean): Entry {
    const { key, revision, createdAt, meta } = row
    const operation = OPERATIONS[row.operation] ?? this.#damaged(row, `operation ${row.operation} is unknown`)
    const entry: Entry = { key, epoch: epochOf(this.#storeEpoch, row.life), revision, createdAt, operation }
    if (meta !== null) entry.meta = JSON.parse(meta)
    if (row.encoding === null) return entry
    if (withValue) entry.value = this.#valueOf(row, row.encoding)
    if (row.expiresAt !== null) entry.expiresAt = row.expiresAt
    return entry
  }

  #valueOf(row: ReadRow, encoding: number): StoredValue {
    const { bucket, key, revision, value } = row
    if (value === null || checksumOf({ bucket, key, revision, encoding, value }) !== row.checksum) {
      return this.#damaged(row, 'its checksum is wrong')
    }
    const name = ENCODINGS[encoding]
    if (name === 'base64' && typeof value !== 'string') return { encoding: name, bytes: plainBytes(value) }
    if ((name === 'json' || name === 'text') && typeof value === 'string') return { encoding: name, text: value }
    return this.#damaged(row, `encoding ${encoding} is not the value's`)
  }

  /** The key is in the details, for the caller, and not in the message, which goes to the log. */
  #damaged({ key, revision }: ReadRow, what: string): never {
    throw errorFor(
      'internal',
      `the value at revision ${revision} is damaged in the store: ${what}; restore a backup, or write the key again`,
      { retryable: false, details: { key, revision } },
    )
  }

  /** Runs several reads on one state of the database. */
  #snapshot<T>(read: () => T): T {
    return this.#guard(() => this.#db.transaction(read)())
  }

  #guard<T>(read: () => T): T {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof SqliteError)) throw error
      throw normalize(`the store cannot be read: ${error.message} (${error.code})`, 'internal', { cause: error })
    }
  }
}

/** About how much of the memory an entry's value takes. */
function lengthOf({ value }: Entry): number {
  if (value === undefined) return 0
  return value.encoding === 'base64' ? value.bytes.length : value.text.length
}

/** SQLite hands out Buffers; callers were promised a Uint8Array that is equal to the one they gave. */
function plainBytes(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}
