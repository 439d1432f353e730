import { expiryOf } from '../bucket-config'
import type { BucketState, BucketTable } from './bucket-table'
import { checksumOf } from './checksum'
import { type EntryTable, type KeyRow, olderOf } from './entry-table'
import type { Expired, PutWrite } from './messages'
import { OPERATIONS } from './schema'

export const PUT = OPERATIONS.indexOf('put')
export const PURGE = OPERATIONS.indexOf('purge')
const EXPIRE = OPERATIONS.indexOf('expire')

/** What is written beside the key: a value, or nothing for a tombstone. */
type Content = Pick<PutWrite, 'encoding' | 'value' | 'bytes' | 'keyExpiresAt'>

/** Makes and forgets the revisions of keys, within the open transaction. What it is given has been checked. */
export class Revisions {
  readonly #buckets: BucketTable
  readonly #entries: EntryTable
  /** The newest revision, this transaction's included. */
  newest = 0
  /** The expiries this transaction committed; `place` is the write they come before. */
  expired: Expired[] = []
  place = 0

  constructor(buckets: BucketTable, entries: EntryTable) {
    this.#buckets = buckets
    this.#entries = entries
  }

  /** Starts a transaction after that revision. */
  begin(newest: number): void {
    this.newest = newest
    this.expired = []
    this.place = 0
  }

  /** Makes a revision of a key: a value, or a tombstone. */
  write(
    bucket: BucketState,
    key: string,
    head: KeyRow | undefined,
    operation: number,
    now: number,
    meta?: string,
    content?: Content,
  ): KeyRow {
    const revision = ++this.newest
    const { id, config } = bucket
    const { encoding, value, keyExpiresAt } = content ?? {}
    const checksum =
      encoding === undefined || value === undefined ? null : checksumOf({ bucket: id, key, revision, encoding, value })
    const entry = { revision, bucket: id, key, operation, createdAt: now, keyExpiresAt: keyExpiresAt ?? null }
    this.#entries.insertEntry({
      ...entry,
      encoding: encoding ?? null,
      checksum,
      value: value ?? null,
      meta: meta ?? null,
    })
    const keep = operation === PURGE ? 0 : config.history - 1
    const row: KeyRow = {
      bucket: id,
      key,
      revision,
      bytes: content?.bytes ?? null,
      expiresAt: (content && expiryOf(config.ttlSeconds, now, keyExpiresAt)) ?? null,
      deletedAt: content ? null : now,
      older: head ? this.trim([...olderOf(head), head.revision], keep) : null,
    }
    this.#entries.setKey(row, head !== undefined)
    bucket.values += (content ? 1 : 0) - (head && head.bytes !== null ? 1 : 0)
    bucket.bytes += (content?.bytes ?? 0) - (head?.bytes ?? 0)
    this.#buckets.touch(bucket)
    return row
  }

  /** Commits the expiry of a value. */
  expire(row: KeyRow, now: number): KeyRow {
    const bucket = this.bucketOf(row)
    const expired = this.write(bucket, row.key, row, EXPIRE, now)
    const { key, revision } = expired
    const { name, createdRevision: life } = bucket
    this.expired.push({ before: this.place, bucket: name, life, key, revision, createdAt: now })
    return expired
  }

  /** Forgets a key with all its revisions. */
  forget(row: KeyRow): void {
    for (const revision of [...olderOf(row), row.revision]) this.#entries.deleteEntry(revision)
    this.#entries.deleteKey(row.bucket, row.key)
    const bucket = this.bucketOf(row)
    bucket.floor = Math.max(bucket.floor, row.revision)
    this.#buckets.touch(bucket)
  }

  /** Removes the oldest revisions until `keep` are left. */
  trim(older: number[], keep: number): string | null {
    for (const revision of older.splice(0, Math.max(0, older.length - keep))) this.#entries.deleteEntry(revision)
    return older.length === 0 ? null : JSON.stringify(older)
  }

  bucketOf(row: KeyRow): BucketState {
    const bucket = this.#buckets.byId(row.bucket)
    if (!bucket) throw new Error(`key ${row.key} belongs to bucket ${row.bucket}, which is not there`)
    return bucket
  }
}
