import { errorFor, normalize } from '@ironflow/core/errors'
import type { Position } from '@ironflow/core/protocol'
import { type BucketPage, type BucketRecord, epochOf } from '../bucket-config'
import type { Entry, StoredValue } from '../entry'
import { KeyFilter } from '../key-filter'
import { PageRoom } from '../page-room'
import {
  type ChangesPage,
  type ChangesQuery,
  type EntriesPage,
  type EntriesQuery,
  type HistoryQuery,
  NO_BUCKET,
} from '../queries'
import { type BucketRow, configOf, recordOf } from './bucket-table'
import { checksumOf } from './checksum'
import { type Database, inTransaction } from './database'
import { openForReading } from './open-database'
import { type Overdue, OverdueCount } from './overdue-count'
import { type ReadRow, ReadStatements } from './read-statements'
import { ENCODINGS, OPERATIONS } from './schema'
import { sqliteCode } from './sqlite-codes'

/** How many keys one page of a listing or of changes looks at, at most: some milliseconds' worth. */
const SCAN_LIMIT = 2_000

/**
 * Reads what is committed, on a connection of its own: the worker's waiting for the disk never holds it up. Values past
 * their time are left out here, since their expiry may not be committed yet.
 */
export class Reader {
  readonly #storeEpoch: string
  readonly #now: () => number
  readonly #db: Database
  readonly #sql: ReadStatements
  readonly #overdue: OverdueCount

  constructor(path: string, storeEpoch: string, now: () => number) {
    this.#storeEpoch = storeEpoch
    this.#now = now
    this.#db = openForReading(path)
    this.#sql = new ReadStatements(this.#db)
    this.#overdue = new OverdueCount(this.#db)
  }

  close(): void {
    this.#db.close()
  }

  bucketInfo(name: string): BucketRecord | undefined {
    return this.#snapshot(() => {
      const bucket = this.#sql.bucket.get(name)
      return bucket && this.#record(bucket, this.#overdue.of(bucket.id, this.#now()))
    })
  }

  listBuckets(prefix: string, { after, limit }: { after?: string | undefined; limit: number }): BucketPage {
    return this.#snapshot(() => {
      const rows = this.#sql.buckets.all(after ?? '', prefix.length, prefix, limit + 1)
      const page = rows.slice(0, limit)
      const overdue = this.#overdue.ofEach(
        page.map(({ id }) => id),
        this.#now(),
      )
      const buckets = page.map((row, index) => this.#record(row, overdue[index]))
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

  history(name: string, key: string, { before, limit, bytes }: HistoryQuery): Entry[] {
    return this.#snapshot(() => {
      const room = new PageRoom(limit, bytes)
      const entries: Entry[] = []
      for (const row of this.#sql.history({ name, key, before, now: this.#now(), limit })) {
        if (!room.take(lengthOf(row.value))) break
        entries.push(this.#entry(row, true))
      }
      return entries
    })
  }

  entries(name: string, { filters, after, limit, bytes, values }: EntriesQuery): EntriesPage {
    return this.#snapshot(() => {
      const bucket = this.#sql.bucket.get(name)
      const page: EntriesPage = { entries: [], position: this.#positionIn(bucket) }
      if (!bucket) return page
      const filter = new KeyFilter(filters)
      const room = new PageRoom(limit, bytes)
      let last = after
      let looked = 0
      const due = this.#dueTime(bucket)
      for (const place of this.#sql.keys(bucket.id, filter.ranges, after)) {
        if (looked++ === SCAN_LIMIT || room.isFull) return { ...page, next: last }
        const { bytes: size, expiresAt } = place
        if (size !== null && (expiresAt === null || expiresAt > due) && filter.matches(place.key)) {
          if (!room.take(values ? size : 0)) return { ...page, next: last }
          const found = this.#entryOf(place.revision, bucket.name, values)
          page.entries.push(...found.filter((entry) => !this.#isPast(entry.expiresAt ?? null)))
        }
        last = place.key
      }
      return page
    })
  }

  changesSince(name: string, { after, limit, bytes }: ChangesQuery): ChangesPage {
    return this.#snapshot((): ChangesPage => {
      const bucket = this.#sql.bucket.get(name)
      const position = this.#positionIn(bucket)
      if (after && after.epoch !== NO_BUCKET.epoch) {
        if (after.epoch !== position.epoch) return { lost: 'epoch', position }
        if (after.revision > position.revision) return { lost: 'ahead', position }
        if (bucket && after.revision < bucket.floor) return { lost: 'expired', position }
      }
      if (!bucket) return { changes: [], more: false, position }
      const from = after?.revision ?? 0
      const end = this.#sql.scanEnd(bucket.id, from, SCAN_LIMIT)
      const range = { bucket: bucket.id, after: from, through: end ?? position.revision }
      const room = new PageRoom(limit, bytes)
      const changes: Entry[] = []
      for (const row of this.#sql.changes({ ...range, due: this.#dueTime(bucket), now: this.#now() })) {
        if (!room.take(lengthOf(row.value))) return { changes, more: true, position }
        changes.push(this.#entry(row, true))
      }
      if (end === undefined) return { changes, more: false, position }
      return { changes, more: true, next: { ...position, revision: end }, position }
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
    return {
      epoch: epochOf(this.#storeEpoch, bucket.createdRevision),
      revision: this.#sql.revision.get()?.revision ?? 0,
    }
  }

  #record(row: BucketRow, overdue: Overdue = { values: 0, bytes: 0 }): BucketRecord {
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
    return this.#guard(() => inTransaction(this.#db, read))
  }

  #guard<T>(read: () => T): T {
    try {
      return read()
    } catch (error) {
      const code = sqliteCode(error)
      if (code === undefined) throw error
      throw normalize(`the store cannot be read: ${(error as Error).message} (${code})`, 'internal', { cause: error })
    }
  }
}

/** The bytes of a value as it is stored. */
function lengthOf(value: ReadRow['value']): number {
  return value === null ? 0 : Buffer.byteLength(value)
}

/** SQLite hands out Buffers; callers were promised a Uint8Array that is equal to the one they gave. */
function plainBytes(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}
