import { type BucketConfig, epochOf, mergeConfig } from '../bucket-config'
import { bucketExists, bucketFull, conflict, noBucket, otherLife, valueTooLarge } from '../failures'
import { AppliedTable } from './applied-table'
import { type BucketState, BucketTable, recordOf } from './bucket-table'
import type { Database, Statement } from './database'
import { EntryTable, type KeyRow } from './entry-table'
import type { Expired, Outcome, PutWrite, RemoveWrite, WorkerStart, Write } from './messages'
import { PURGE, PUT, Revisions } from './revisions'
import { OPERATIONS, revisionOf, revisionSetter } from './schema'
import { Upkeep } from './upkeep'

type TransactionOptions = Pick<WorkerStart, 'epoch' | 'bucketDefaults' | 'tombstoneRetentionMs' | 'openedAt'>

/**
 * The rules of the store, on a transaction that somebody else begins and ends. A write checks everything before it
 * changes anything, so one that throws an `IronflowError` has left nothing behind and its neighbours go on.
 */
export class Transaction {
  readonly #db: Database
  readonly #setRevision: Statement<[number], unknown>
  readonly #storeEpoch: string
  readonly #bucketDefaults: BucketConfig
  readonly #buckets: BucketTable
  readonly #entries: EntryTable
  readonly #revisions: Revisions
  readonly #upkeep: Upkeep
  readonly #applied: AppliedTable
  #stored = 0
  #uptime: number
  /** Whether there may be upkeep to go on with that nothing else would begin: a step of it was not the last. */
  hasUpkeep = true

  /** @param before the same store's as this process had it open until now, all of whose commits are in the database */
  constructor(db: Database, options: TransactionOptions, before?: Transaction) {
    const { epoch, bucketDefaults, tombstoneRetentionMs, openedAt } = options
    this.#db = db
    this.#setRevision = revisionSetter(db)
    this.#uptime = openedAt.uptime
    this.#storeEpoch = epoch
    this.#bucketDefaults = bucketDefaults
    this.#buckets = new BucketTable(db)
    this.#entries = new EntryTable(db)
    this.#revisions = new Revisions(this.#buckets, this.#entries)
    this.#upkeep = new Upkeep(this.#buckets, this.#entries, this.#revisions, tombstoneRetentionMs)
    this.#applied = new AppliedTable(db, openedAt, before ? before.#applied : undefined)
    this.reset()
  }

  /** The newest revision, this transaction's included. */
  get revision(): number {
    return this.#revisions.newest
  }

  /** The expiries that the transaction committed, each with the place of the write it comes before. */
  get expired(): Expired[] {
    return this.#revisions.expired
  }

  /** Starts from what the database holds, at first and after a rollback. */
  reset(): void {
    this.#buckets.reset()
    this.#applied.reset()
    this.#stored = revisionOf(this.#db)
    this.hasUpkeep = true
    this.begin(this.#uptime)
  }

  /** Starts after a commit, at that time of the engine's monotonic clock. */
  begin(uptime: number): void {
    this.#uptime = uptime
    this.#applied.begin()
    this.#revisions.begin(this.#stored)
  }

  /** Writes what was kept in memory until now; before the commit. */
  flush(): void {
    this.#buckets.flush()
    this.#applied.flush()
    // A transaction in which nothing came about writes nothing, and so does not wait for the disk.
    if (this.revision !== this.#stored) this.#setRevision.run(this.revision)
    this.#stored = this.revision
  }

  /** Does a write, the one of that place in its batch. */
  apply(write: Write, place: number): Outcome {
    this.#revisions.place = place
    if (!('once' in write) || write.once === undefined) return this.#apply(write)
    const { once, now } = write
    const applied = this.#applied.find(once, this.#uptime)
    if (applied) return { ...applied, repeated: true } as Outcome
    const outcome = this.#apply(write)
    // What there was nothing of, and what is only begun, is not applied.
    const isApplied = outcome.kind === 'removed' ? outcome.life !== undefined : outcome.kind !== 'settled'
    if (isApplied && outcome.kind !== 'failed') this.#applied.add(once, outcome, { now, uptime: this.#uptime })
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
        const record = recordOf(this.#addBucket(write.bucket, write.config, write.now), this.#storeEpoch)
        return { kind: 'bucket', record, more: false }
      }
      case 'updateBucket':
        return this.#updateBucket(write.bucket, write.changes, write.now)
      case 'bringInLine':
        return this.#bringInLine(this.#bucket(write.bucket), write.now)
      case 'deleteBucket':
        return this.#deleteBucket(write.bucket, write.now)
      case 'settle':
        this.hasUpkeep = !this.#upkeep.step(write.now)
        return { kind: 'settled', more: this.hasUpkeep }
      case 'probe':
        this.#setRevision.run(this.revision)
        return { kind: 'settled', more: false }
    }
  }

  #put(write: PutWrite): Outcome {
    const { bucket: name, key, bytes, now } = write
    const existing = this.#buckets.get(name)
    const config = existing?.config ?? write.bucketConfig ?? this.#bucketDefaults
    if (bytes > config.maxValueSize) throw valueTooLarge(bytes, config.maxValueSize)
    const head = existing && this.#currentHead(existing, key, now)
    this.#expectPosition(existing, head, write)
    if (config.maxBytes) this.#expectRoom(name, existing, bytes - (head?.bytes ?? 0), config.maxBytes, now)
    const bucket = existing ?? this.#addBucket(name, config, now)
    const { revision, expiresAt } = this.#revisions.write(bucket, key, head, PUT, now, write.meta, write)
    const life = bucket.createdRevision
    return { kind: 'written', life, revision, createdAt: now, expiresAt: expiresAt ?? undefined }
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
    const { revision } = this.#revisions.write(bucket, key, head, OPERATIONS.indexOf(operation), now, write.meta)
    return { kind: 'written', life, revision, createdAt: now, expiresAt: undefined }
  }

  #expectPosition(
    bucket: BucketState | undefined,
    head: KeyRow | undefined,
    { key, expectedRevision: expected, expectedEpoch }: PutWrite | RemoveWrite,
  ): void {
    const current = head?.revision ?? 0
    const epoch = bucket && epochOf(this.#storeEpoch, bucket.createdRevision)
    if (expectedEpoch !== undefined && expectedEpoch !== epoch) throw otherLife(key, current)
    if (expected === undefined) return
    const hasValue = head !== undefined && head.bytes !== null
    if (expected === 0 ? hasValue : current !== expected) throw conflict(key, expected, current)
  }

  #addBucket(name: string, config: BucketConfig, now: number): BucketState {
    return this.#buckets.add(name, config, now, ++this.#revisions.newest)
  }

  /** Applies changed options; what follows from them for the bucket's keys is done in steps, of which this is the first. */
  #updateBucket(name: string, changes: Partial<BucketConfig>, now: number): Outcome {
    const bucket = this.#bucket(name)
    const before = bucket.config
    const config = mergeConfig(before, changes)
    const hasNewTtl = config.ttlSeconds !== before.ttlSeconds
    // What is past its time by the old options was hidden already, and must not come back by the new ones.
    if (!this.#upkeep.bringInLine(bucket) || (hasNewTtl && !this.#upkeep.expireDue(bucket, now))) {
      this.hasUpkeep = true
      return { kind: 'settled', more: true }
    }
    bucket.config = config
    if (hasNewTtl || config.history < before.history) bucket.staleAfter = ''
    this.#buckets.touch(bucket)
    // No entry has it: a revision of its own is how the loss of the change is noticed.
    this.#revisions.newest++
    return this.#bringInLine(bucket, now)
  }

  #bringInLine(bucket: BucketState, now: number): Outcome {
    const more = !this.#upkeep.bringInLine(bucket)
    if (more) this.hasUpkeep = true
    const { values, bytes } = more ? { values: 0, bytes: 0 } : this.#entries.overdue(bucket.id, now)
    const counts = { values: bucket.values - values, bytes: bucket.bytes - bytes }
    const record = recordOf({ ...bucket, ...counts }, this.#storeEpoch)
    return { kind: 'bucket', record, more }
  }

  #deleteBucket(name: string, now: number): Outcome {
    const bucket = this.#buckets.get(name)
    if (!bucket) return { kind: 'removed', life: undefined, revision: 0, createdAt: now }
    this.#buckets.remove(bucket)
    if (!this.#upkeep.clear(bucket)) this.hasUpkeep = true
    const revision = ++this.#revisions.newest
    return { kind: 'removed', life: bucket.createdRevision, revision, createdAt: now }
  }

  #bucket(name: string): BucketState {
    const bucket = this.#buckets.get(name)
    if (!bucket) throw noBucket(name)
    return bucket
  }

  /** Expects that a bucket may hold so many bytes more. Values past their time do not count, committed or not. */
  #expectRoom(name: string, bucket: BucketState | undefined, more: number, maxBytes: number, now: number): void {
    const fits = (uncounted = 0) => (bucket?.bytes ?? 0) - uncounted + more <= maxBytes
    if (fits()) return
    if (bucket) this.#upkeep.expireDue(bucket, now)
    if (fits() || (bucket && fits(this.#entries.overdue(bucket.id, now).bytes))) return
    throw bucketFull(name, maxBytes)
  }

  /** A key's row, with its expiry committed if its time is up. */
  #currentHead(bucket: BucketState, key: string, now: number): KeyRow | undefined {
    const head = this.#entries.head(bucket.id, key)
    if (!head) return undefined
    const expiresAt = bucket.staleAfter === null ? head.expiresAt : this.#upkeep.expiryOf(bucket, head)
    return expiresAt !== null && expiresAt <= now ? this.#revisions.expire(head, now) : head
  }
}
