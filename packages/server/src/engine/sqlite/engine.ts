import { errorFor } from '@ironflow/core/errors'
import { isWellFormed } from '@ironflow/core/protocol'
import { type BucketConfig, type BucketPage, type BucketRecord, epochOf, secondsAfter } from '../bucket-config'
import type { Engine, EngineEvent, EngineFacts, EngineStatus, Following } from '../engine'
import type { Commit, Entry, StoredValue } from '../entry'
import { engineClosed, notWellFormed } from '../failures'
import type { Followers } from '../followers'
import {
  type ChangesPage,
  type ChangesQuery,
  type EntriesPage,
  type EntriesQuery,
  type HistoryQuery,
  NO_BUCKET,
  type ReadOptions,
} from '../queries'
import { encodeMeta, type OnceOptions, type PutOptions, type WriteOptions } from '../write-options'
import type { Committer } from './committer'
import type { Lock } from './lock'
import { Maintenance } from './maintenance'
import type { Outcome, RemoveWrite, Write } from './messages'
import type { Reader } from './reader'
import { ENCODINGS } from './schema'

/** Parts of an open store. */
export interface SqliteEngineParts {
  /** Epoch of the store, from which those of its buckets are made. */
  readonly epoch: string
  readonly committer: Committer
  readonly reader: Reader
  /** Followers of its buckets, which hear of each batch that the committer reports. */
  readonly followers: Followers
  readonly lock: Lock
  readonly now: () => number
  readonly tombstoneRetentionMs: number
}

/** The engine over an open store: writes go to the thread that writes, reads to a connection of this one. */
export class SqliteEngine implements Engine {
  readonly facts: EngineFacts = { name: 'sqlite', durability: 'fsync', keyTtl: true }
  readonly #parts: SqliteEngineParts
  readonly #maintenance: Maintenance
  #closing: Promise<void> | undefined

  constructor(parts: SqliteEngineParts) {
    this.#parts = parts
    const { reader, committer, now, tombstoneRetentionMs } = parts
    this.#maintenance = new Maintenance(reader, committer, now, tombstoneRetentionMs)
  }

  status(): EngineStatus {
    if (this.#closing) return { ready: false, reason: 'closed' }
    const { trouble } = this.#parts.committer
    return trouble === undefined ? { ready: true } : { ready: false, reason: trouble }
  }

  async createBucket(bucket: string, config: BucketConfig, { once }: OnceOptions = {}): Promise<BucketRecord> {
    const creation = { bucket, config: { ...config }, once }
    return recordIn(await this.#write({ do: 'createBucket', ...creation, now: this.#parts.now() }))
  }

  async updateBucket(
    bucket: string,
    changes: Partial<BucketConfig>,
    { once }: OnceOptions = {},
  ): Promise<BucketRecord> {
    const update = { bucket, changes: { ...changes }, once }
    const begin = () => this.#write({ do: 'updateBucket', ...update, now: this.#parts.now() })
    let outcome = await begin()
    while (outcome.kind === 'settled') outcome = await begin()
    while (outcome.kind === 'bucket' && outcome.more) {
      outcome = await this.#write({ do: 'bringInLine', bucket, now: this.#parts.now() })
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
    const outcome = await this.#write({ do: 'deleteBucket', bucket, once, now: this.#parts.now() })
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
    const now = this.#parts.now()
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
    return { started: Promise.resolve(), stop: this.#use().followers.add(bucket, listener) }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { committer, reader, followers, lock } = this.#parts
    this.#maintenance.stop()
    await committer.close()
    // The last to let go, so that SQLite leaves the log, which is empty by now, and the file beside it in their places:
    // on a disk that is full the next start could not make them.
    reader.close()
    followers.clear()
    lock.release()
  }

  async #remove(operation: RemoveWrite['do'], bucket: string, key: string, options?: WriteOptions): Promise<Commit> {
    const about = aboutEntry(bucket, key, options)
    return this.#commitIn(await this.#write({ do: operation, ...about, now: this.#parts.now() }))
  }

  #commitIn(outcome: Outcome): Commit {
    if (!('life' in outcome)) return outOfStep(outcome)
    const { life, revision, createdAt, repeated } = outcome
    const epoch = life === undefined ? NO_BUCKET.epoch : epochOf(this.#parts.epoch, life)
    return repeated ? { epoch, revision, createdAt, repeated } : { epoch, revision, createdAt }
  }

  #write(write: Write) {
    return this.#use().committer.submit(write)
  }

  #reader(): Reader {
    return this.#use().reader
  }

  #use(): SqliteEngineParts {
    if (this.#closing) throw engineClosed()
    return this.#parts
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
