import { join, resolve } from 'node:path'
import { errorFor, normalize } from '@ironflow/core/errors'
import { isWellFormed } from '@ironflow/core/protocol'
import { DEFAULT_TOMBSTONE_RETENTION_MS, epochOf, secondsAfter } from '../bucket-config'
import {
  type BucketConfig,
  type BucketPage,
  type BucketRecord,
  type ChangesPage,
  type ChangesQuery,
  type Commit,
  type Engine,
  type EngineEvent,
  type EngineFacts,
  type EngineStatus,
  type EntriesPage,
  type EntriesQuery,
  type Entry,
  type Following,
  type HistoryQuery,
  NO_BUCKET,
  type OnceOptions,
  type PutOptions,
  type ReadOptions,
  type StoredValue,
  type WriteOptions,
} from '../engine'
import { engineClosed, notWellFormed } from '../failures'
import { Followers } from '../followers'
import { encodeMeta } from '../meta'
import { ENCODINGS } from './codes'
import { type Committed, Committer } from './committer'
import { acceptDataLoss } from './data-loss'
import { eventsOf } from './events'
import { makeDirectory } from './files'
import { findStore } from './installation'
import { type Lock, lockDirectory } from './lock'
import { Maintenance } from './maintenance'
import type { Outcome, RemoveWrite, Write } from './messages'
import { Reader } from './reader'
import { DATABASE_FILE, type Identity } from './schema'
import type { SqliteEngineOptions } from './sqlite-engine-options'

/**
 * Opens the store in a data directory, or makes one in an empty directory. An acknowledged write is on the disk.
 *
 * @throws unavailable where another server has the directory, or the database is missing, empty, damaged, of another
 *   store or of a newer version; the message says which, and what to do. Such a store is left as it is.
 */
export async function openSqliteEngine(options: SqliteEngineOptions): Promise<Engine> {
  const directory = resolve(options.directory)
  let lock: Lock | undefined
  try {
    makeDirectory(directory)
    lock = lockDirectory(directory)
    const found = findStore(directory)
    const { onDataLoss } = options
    const identity = onDataLoss ? acceptDataLoss(directory, found, onDataLoss) : found
    const engine = new SqliteEngine(options, identity, lock)
    await engine.open(join(directory, DATABASE_FILE), identity)
    return engine
  } catch (error) {
    lock?.release()
    // What is not ours is the file system's: no permission, no such device.
    throw normalize(error, 'unavailable', { retryable: false })
  }
}

class SqliteEngine implements Engine {
  readonly facts: EngineFacts = { name: 'sqlite', durability: 'fsync', keyTtl: true }
  readonly #epoch: string
  readonly #options: SqliteEngineOptions
  readonly #now: () => number
  readonly #uptime: () => number
  readonly #retentionMs: number
  readonly #lock: Lock
  readonly #followers = new Followers()
  #opened: { reader: Reader; committer: Committer } | undefined
  #maintenance: Maintenance | undefined
  #closing: Promise<void> | undefined

  constructor(options: SqliteEngineOptions, { epoch }: Identity, lock: Lock) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#uptime = options.uptime ?? (() => performance.now())
    this.#retentionMs = options.tombstoneRetentionMs ?? DEFAULT_TOMBSTONE_RETENTION_MS
    this.#lock = lock
    this.#epoch = epoch
  }

  /** Opens the database, the worker first: what it refuses is never read. */
  async open(path: string, { storeId, epoch }: Identity): Promise<void> {
    const { workerUrl, bucketDefaults, maxPages, onFatal, onWarning } = this.#options
    const tombstoneRetentionMs = this.#retentionMs
    const openedAt = { now: this.#now(), uptime: this.#uptime() }
    const start = { path, storeId, epoch, bucketDefaults, tombstoneRetentionMs, openedAt, maxPages }
    const url = workerUrl ?? new URL('./sqlite-worker.js', import.meta.url)
    const committer = await Committer.start(url, start, this.#uptime, {
      onCommitted: (batch) => this.#publish(batch),
      onWarning: (message) => onWarning?.(message),
      onFatal: (error) => onFatal?.(error),
    })
    try {
      const reader = new Reader(path, epoch, this.#now)
      this.#opened = { committer, reader }
      this.#maintenance = new Maintenance(reader, committer, this.#now, tombstoneRetentionMs)
    } catch (error) {
      await committer.close()
      throw error
    }
  }

  status(): EngineStatus {
    if (!this.#opened || this.#closing) return { ready: false, reason: 'closed' }
    const { trouble } = this.#opened.committer
    return trouble === undefined ? { ready: true } : { ready: false, reason: trouble }
  }

  async createBucket(bucket: string, config: BucketConfig, { once }: OnceOptions = {}): Promise<BucketRecord> {
    const creation = { bucket, config: { ...config }, once }
    return recordIn(await this.#write({ do: 'createBucket', ...creation, now: this.#now() }))
  }

  async updateBucket(
    bucket: string,
    changes: Partial<BucketConfig>,
    { once }: OnceOptions = {},
  ): Promise<BucketRecord> {
    const update = { bucket, changes: { ...changes }, once }
    const begin = () => this.#write({ do: 'updateBucket', ...update, now: this.#now() })
    let outcome = await begin()
    while (outcome.kind === 'settled') outcome = await begin()
    while (outcome.kind === 'bucket' && outcome.more) {
      outcome = await this.#write({ do: 'bringInLine', bucket, now: this.#now() })
    }
    return recordIn(outcome)
  }

  async bucketInfo(bucket: string): Promise<BucketRecord | undefined> {
    return this.#reader().bucketInfo(bucket)
  }

  async listBuckets(prefix: string, page: { after?: string | undefined; limit: number }): Promise<BucketPage> {
    return this.#reader().listBuckets(prefix, page)
  }

  async deleteBucket(bucket: string, { once }: OnceOptions = {}): Promise<Commit | undefined> {
    const outcome = await this.#write({ do: 'deleteBucket', bucket, once, now: this.#now() })
    if (outcome.kind !== 'removed') return outOfStep(outcome)
    return outcome.life === undefined ? undefined : this.#commitIn(outcome)
  }

  async get(
    bucket: string,
    key: string,
    options?: ReadOptions & { revision?: number | undefined },
  ): Promise<Entry | undefined> {
    return this.#reader().get(bucket, key, options?.revision)
  }

  async put(bucket: string, key: string, value: StoredValue, options: PutOptions = {}): Promise<Commit> {
    if (value.encoding !== 'base64' && !isWellFormed(value.text)) throw notWellFormed()
    const now = this.#now()
    const { ttlSeconds, bucketConfig } = options
    const keyExpiresAt = ttlSeconds === undefined ? undefined : secondsAfter(now, ttlSeconds)
    const encoding = ENCODINGS.indexOf(value.encoding)
    const content = value.encoding === 'base64' ? new Uint8Array(value.bytes) : value.text
    const bytes = Buffer.byteLength(content)
    const about = { ...aboutEntry(bucket, key, options), encoding, value: content, bytes }
    return this.#commitIn(await this.#write({ do: 'put', ...about, keyExpiresAt, bucketConfig, now }))
  }

  async delete(bucket: string, key: string, options?: WriteOptions): Promise<Commit> {
    return this.#remove('delete', bucket, key, options)
  }

  async purge(bucket: string, key: string, options?: WriteOptions): Promise<Commit> {
    return this.#remove('purge', bucket, key, options)
  }

  async entries(bucket: string, query: EntriesQuery): Promise<EntriesPage> {
    return this.#reader().entries(bucket, query)
  }

  async history(bucket: string, key: string, page: HistoryQuery): Promise<Entry[]> {
    return this.#reader().history(bucket, key, page)
  }

  async changesSince(bucket: string, query: ChangesQuery): Promise<ChangesPage> {
    return this.#reader().changesSince(bucket, query)
  }

  follow(bucket: string, listener: (event: EngineEvent) => void): Following {
    this.#reader()
    return { started: Promise.resolve(), stop: this.#followers.add(bucket, listener) }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#maintenance?.stop()
    await this.#opened?.committer.close()
    // The last to let go, so that SQLite leaves the log, which is empty by now, and the file beside it in their places:
    // on a disk that is full the next start could not make them.
    this.#opened?.reader.close()
    this.#followers.clear()
    this.#lock.release()
  }

  async #remove(operation: RemoveWrite['do'], bucket: string, key: string, options?: WriteOptions): Promise<Commit> {
    const about = aboutEntry(bucket, key, options)
    return this.#commitIn(await this.#write({ do: operation, ...about, now: this.#now() }))
  }

  #publish(batch: Committed): void {
    const { writes, durationMs } = batch.report
    if (writes > 0) this.#options.onCommit?.({ writes, durationMs })
    for (const { bucket, event } of eventsOf(batch, this.#epoch, (name) => this.#followers.has(name))) {
      this.#followers.tell(bucket, event)
    }
    this.#followers.deliver()
  }

  #commitIn(outcome: Outcome): Commit {
    if (!('life' in outcome)) return outOfStep(outcome)
    const { life, revision, createdAt, repeated } = outcome
    const epoch = life === undefined ? NO_BUCKET.epoch : epochOf(this.#epoch, life)
    return repeated ? { epoch, revision, createdAt, repeated } : { epoch, revision, createdAt }
  }

  #write(write: Write) {
    return this.#use().committer.submit(write)
  }

  #reader(): Reader {
    return this.#use().reader
  }

  #use(): { reader: Reader; committer: Committer } {
    if (!this.#opened || this.#closing) throw engineClosed()
    return this.#opened
  }
}

function aboutEntry(bucket: string, key: string, options: WriteOptions = {}) {
  const { expectedRevision, expectedEpoch, once } = options
  return { bucket, key, expectedRevision, expectedEpoch, once, meta: encodeMeta(options.meta) }
}

function recordIn(outcome: Outcome): BucketRecord {
  return outcome.kind === 'bucket' ? outcome.record : outOfStep(outcome)
}

/** The worker answered another question than the one it was asked. */
function outOfStep(outcome: Outcome): never {
  throw errorFor('internal', `the thread that writes the database answered ${outcome.kind}`)
}
