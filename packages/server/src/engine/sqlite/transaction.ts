import type { Database } from 'better-sqlite3'
import { epochOf, expiryOf, mergeConfig, secondsAfter } from '../bucket-config'
import type { BucketConfig, BucketRecord } from '../engine'
import { bucketExists, bucketFull, conflict, noBucket, otherLife, valueTooLarge } from '../failures'
import { AppliedTable } from './applied-table'
import { type BucketState, BucketTable, recordOf } from './bucket-table'
import { checksumOf } from './checksum'
import { OPERATIONS } from './codes'
import { EntryTable, type KeyRow, olderOf } from './entry-table'
import type { Expired, Outcome, PutWrite, RemoveWrite, WorkerStart, Write } from './messages'

/** How many expiries, and how many forgotten tombstones, one `settle` commits. */
const SETTLE_LIMIT = 1_000

const PUT = OPERATIONS.indexOf('put')
const PURGE = OPERATIONS.indexOf('purge')
const EXPIRE = OPERATIONS.indexOf('expire')

/** What is written beside the key: a value, or nothing for a tombstone. */
type Content = Pick<PutWrite, 'encoding' | 'value' | 'bytes' | 'keyExpiresAt'>

/** What the rules need to know of the store. */
type Options = Pick<WorkerStart, 'epoch' | 'bucketDefaults' | 'tombstoneRetentionMs'>

/**
 * The rules of the store, on a transaction that somebody else begins and ends. A write checks everything before it
 * changes anything, so one that throws an `IronflowError` has left nothing behind and its neighbours go on.
 */
export class Transaction {
  readonly #options: Options
  readonly #buckets: BucketTable
  readonly #entries: EntryTable
  readonly #applied: AppliedTable
  readonly #readRevision
  readonly #writeRevision
  #stored = 0
  /** Of the newest write that has an identity. */
  #now = 0
  /** The newest revision, this transaction's included. */
  revision = 0
  /** The expiries this transaction committed; `place` is the write they come before. */
  expired: Expired[] = []
  place = 0

  constructor(db: Database, options: Options) {
    this.#options = options
    this.#buckets = new BucketTable(db)
    this.#entries = new EntryTable(db)
    this.#applied = new AppliedTable(db)
    this.#readRevision = db.prepare<[], number>('SELECT revision FROM state').pluck()
    this.#writeRevision = db.prepare('UPDATE state SET revision = ?')
    this.reset()
  }

  /** Starts from what the database holds, at first and after a rollback. */
  reset(): void {
    this.#buckets.reset()
    this.#applied.reset()
    this.revision = this.#readRevision.get() ?? 0
    this.#stored = this.revision
    this.expired = []
    this.place = 0
  }

  /** Writes what was kept in memory until now; before the commit. */
  flush(): void {
    this.#buckets.flush()
    this.#applied.flush(this.#now)
    // A transaction in which nothing came about writes nothing, and so does not wait for the disk.
    if (this.revision !== this.#stored) this.#writeRevision.run(this.revision)
    this.#stored = this.revision
  }

  apply(write: Write): Outcome {
    if (!('once' in write) || write.once === undefined) return this.#apply(write)
    const { once, now } = write
    const applied = this.#applied.find(once, now)
    if (applied) return { ...applied, repeated: true } as Outcome
    const outcome = this.#apply(write)
    // What there was nothing of is not applied: it may be made in the meantime.
    const isNothing = outcome.kind === 'removed' && outcome.life === undefined
    if (outcome.kind !== 'failed' && !isNothing) this.#applied.add(once, outcome, now)
    this.#now = now
    return outcome
  }

  #apply(write: Write): Outcome {
    switch (write.do) {
      case 'put':
        return this.#put(write)
      case 'delete':
      case 'purge':
        return this.#remove(write)
      case 'createBucket': {
        if (this.#buckets.get(write.bucket)) throw bucketExists(write.bucket)
        return { kind: 'bucket', record: this.#recordOf(this.#addBucket(write.bucket, write.config, write.now)) }
      }
      case 'updateBucket':
        return this.#updateBucket(write.bucket, write.changes, write.now)
      case 'deleteBucket': {
        const bucket = this.#buckets.get(write.bucket)
        const { now } = write
        if (!bucket) return { kind: 'removed', life: undefined, revision: 0, createdAt: now }
        this.#entries.deleteAll(bucket.id)
        this.#buckets.delete(bucket)
        return { kind: 'removed', life: bucket.createdRevision, revision: ++this.revision, createdAt: now }
      }
      case 'settle':
        return this.#settle(write.now)
      case 'probe':
        this.#writeRevision.run(this.revision)
        return { kind: 'settled', more: false }
    }
  }

  #put(write: PutWrite): Outcome {
    const { bucket: name, key, bytes, now } = write
    const existing = this.#buckets.get(name)
    const config = existing?.config ?? write.bucketConfig ?? this.#options.bucketDefaults
    if (bytes > config.maxValueSize) throw valueTooLarge(bytes, config.maxValueSize)
    const head = existing && this.#currentHead(existing, key, now)
    this.#expectPosition(existing, head, write)
    if (config.maxBytes) {
      const fits = () => (existing?.bytes ?? 0) - (head?.bytes ?? 0) + bytes <= (config.maxBytes ?? 0)
      if (!fits() && existing) this.#expireAll(existing, now)
      if (!fits()) throw bucketFull(name, config.maxBytes)
    }
    const bucket = existing ?? this.#addBucket(name, config, now)
    const row = this.#write(bucket, key, head, PUT, now, write.meta, write)
    const { revision } = row
    const expiresAt = row.expiresAt ?? undefined
    return { kind: 'written', life: bucket.createdRevision, revision, createdAt: now, expiresAt }
  }

  #remove(write: RemoveWrite): Outcome {
    const { do: operation, bucket: name, key, now } = write
    const bucket = this.#buckets.get(name)
    const head = bucket && this.#currentHead(bucket, key, now)
    this.#expectPosition(bucket, head, write)
    const life = bucket?.createdRevision
    const nothingToDo =
      operation === 'delete'
        ? (head?.bytes ?? null) === null
        : !head || this.#entries.operationOf(head.revision) === PURGE
    if (!bucket || !head || nothingToDo) {
      return { kind: 'unchanged', life, revision: head?.revision ?? 0, createdAt: head?.deletedAt ?? now }
    }
    const { revision } = this.#write(bucket, key, head, OPERATIONS.indexOf(operation), now, write.meta)
    return { kind: 'written', life, revision, createdAt: now, expiresAt: undefined }
  }

  #expectPosition(
    bucket: BucketState | undefined,
    head: KeyRow | undefined,
    { key, expectedRevision: expected, expectedEpoch }: PutWrite | RemoveWrite,
  ): void {
    const current = head?.revision ?? 0
    const epoch = bucket && epochOf(this.#options.epoch, bucket.createdRevision)
    if (expectedEpoch !== undefined && expectedEpoch !== epoch) throw otherLife(key, current)
    if (expected === undefined) return
    const hasValue = head !== undefined && head.bytes !== null
    if (expected === 0 ? hasValue : current !== expected) throw conflict(key, expected, current)
  }

  #recordOf(bucket: BucketState): BucketRecord {
    return recordOf(bucket, this.#options.epoch)
  }

  #addBucket(name: string, config: BucketConfig, now: number): BucketState {
    return this.#buckets.add(name, config, now, ++this.revision)
  }

  #updateBucket(name: string, changes: Partial<BucketConfig>, now: number): Outcome {
    const bucket = this.#buckets.get(name)
    if (!bucket) throw noBucket(name)
    // What is past its time by the old rules was hidden already, and must not come back by the new ones.
    this.#expireAll(bucket, now)
    const before = bucket.config
    bucket.config = mergeConfig(before, changes)
    this.#buckets.touch(bucket)
    const { ttlSeconds, history } = bucket.config
    if (ttlSeconds !== before.ttlSeconds) {
      this.#entries.setExpiries(bucket.id, ttlSeconds === undefined ? undefined : secondsAfter(0, ttlSeconds))
      this.#expireAll(bucket, now)
    }
    if (history < before.history) {
      for (const row of this.#entries.withOlder(bucket.id)) {
        this.#entries.setKey({ ...row, older: this.#trim(olderOf(row), history - 1) }, true)
      }
    }
    return { kind: 'bucket', record: this.#recordOf(bucket) }
  }

  #settle(now: number): Outcome {
    const due = this.#entries.due(now, SETTLE_LIMIT)
    for (const row of due) this.#expire(row, now)
    const forgotten = this.#entries.deletedBefore(now - this.#options.tombstoneRetentionMs, SETTLE_LIMIT)
    for (const row of forgotten) this.#forget(row)
    return { kind: 'settled', more: due.length === SETTLE_LIMIT || forgotten.length === SETTLE_LIMIT }
  }

  /** A key's row, with its expiry committed if its time is up. */
  #currentHead(bucket: BucketState, key: string, now: number): KeyRow | undefined {
    const head = this.#entries.head(bucket.id, key)
    return head?.expiresAt != null && head.expiresAt <= now ? this.#expire(head, now) : head
  }

  #expireAll(bucket: BucketState, now: number): void {
    for (const row of this.#entries.dueIn(bucket.id, now)) this.#expire(row, now)
  }

  #expire(row: KeyRow, now: number): KeyRow {
    const bucket = this.#bucketOf(row)
    const expired = this.#write(bucket, row.key, row, EXPIRE, now)
    const { key, revision } = expired
    const { name, createdRevision: life } = bucket
    this.expired.push({ before: this.place, bucket: name, life, key, revision, createdAt: now })
    return expired
  }

  #forget(row: KeyRow): void {
    for (const revision of [...olderOf(row), row.revision]) this.#entries.deleteEntry(revision)
    this.#entries.deleteKey(row.bucket, row.key)
    const bucket = this.#bucketOf(row)
    bucket.floor = Math.max(bucket.floor, row.revision)
    this.#buckets.touch(bucket)
  }

  #bucketOf(row: KeyRow): BucketState {
    const bucket = this.#buckets.byId(row.bucket)
    if (!bucket) throw new Error(`key ${row.key} belongs to bucket ${row.bucket}, which is not there`)
    return bucket
  }

  /** Makes a revision. All that is wrong with a write has been found by now. */
  #write(
    bucket: BucketState,
    key: string,
    head: KeyRow | undefined,
    operation: number,
    now: number,
    meta?: string,
    content?: Content,
  ): KeyRow {
    const revision = ++this.revision
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
      older: head ? this.#trim([...olderOf(head), head.revision], keep) : null,
    }
    this.#entries.setKey(row, head !== undefined)
    bucket.values += (content ? 1 : 0) - (head && head.bytes !== null ? 1 : 0)
    bucket.bytes += (content?.bytes ?? 0) - (head?.bytes ?? 0)
    this.#buckets.touch(bucket)
    return row
  }

  /** Removes the oldest revisions until `keep` are left. */
  #trim(older: number[], keep: number): string | null {
    for (const revision of older.splice(0, Math.max(0, older.length - keep))) this.#entries.deleteEntry(revision)
    return older.length === 0 ? null : JSON.stringify(older)
  }
}
