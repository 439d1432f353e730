import type { Position } from '@ironflow/core/protocol'
import { AppliedWrites } from '../applied-writes'
import { type BucketConfig, type BucketRecord, DEFAULT_TOMBSTONE_RETENTION_MS, mergeConfig } from '../bucket-config'
import type { EngineEvent, EngineOptions } from '../engine'
import type { Commit } from '../entry'
import { engineClosed } from '../failures'
import { Followers } from '../followers'
import { NO_BUCKET } from '../queries'
import type { OnceOptions } from '../write-options'
import { MemoryBucket, type StoredRevision } from './bucket'

/** Milliseconds between two looks for expiries: well within the second they may be late. */
const EXPIRY_INTERVAL_MS = 200

/**
 * The buckets, under one counter of revisions, and transactions over them: work that runs to its end without giving way.
 * Before it begins, everything that is due in its bucket is done; when it is over, followers hear of what it wrote.
 */
export class MemoryStore {
  readonly now: () => number
  readonly #storeId = crypto.randomUUID().replaceAll('-', '')
  readonly #options: EngineOptions
  readonly #uptime: () => number
  readonly #buckets = new Map<string, MemoryBucket>()
  readonly #followers = new Followers()
  readonly #applied = new AppliedWrites<Commit | BucketRecord>()
  #revision = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #isClosed = false

  constructor(options: EngineOptions) {
    this.#options = options
    this.now = options.now ?? Date.now
    this.#uptime = options.uptime ?? (() => performance.now())
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** The names of all buckets. @throws closed */
  names(): string[] {
    if (this.#isClosed) throw engineClosed()
    return [...this.#buckets.keys()]
  }

  /** The bucket, with everything that is due done, so that no reader meets a value past its time. @throws closed */
  read(name: string): MemoryBucket | undefined {
    return this.#run(name, (bucket) => bucket)
  }

  /** Does work that writes, unless it was applied before. @throws closed, and what `work` throws */
  write<T extends Commit | BucketRecord | undefined>(
    name: string,
    { once }: OnceOptions,
    work: (bucket: MemoryBucket | undefined, now: number) => T,
  ): T {
    return this.#run(name, (bucket, now) => {
      const applied = once === undefined ? undefined : this.#applied.find(once, this.#uptime())
      // Under one identity there is one kind of write, and so one kind of result.
      if (applied) return ('revision' in applied ? { ...applied, repeated: true } : applied) as T
      const result = work(bucket, now)
      if (once !== undefined && result) this.#applied.add(once, result, this.#uptime())
      return result
    })
  }

  /** Returns the position of a bucket: one counter serves all of them, so it is as of the newest revision of any. */
  positionIn(bucket: MemoryBucket | undefined): Position {
    return bucket ? { epoch: bucket.epoch, revision: this.#revision } : NO_BUCKET
  }

  /** Makes a bucket. Within {@link write}, as all that follows. */
  add(name: string, config: BucketConfig, now: number): MemoryBucket {
    const retention = this.#options.tombstoneRetentionMs ?? DEFAULT_TOMBSTONE_RETENTION_MS
    const bucket = new MemoryBucket(name, this.#storeId, now, ++this.#revision, retention, mergeConfig(config, {}))
    this.#buckets.set(name, bucket)
    return bucket
  }

  /** Gives a bucket other options, which count for what is in it, too. */
  update(bucket: MemoryBucket, changes: Partial<BucketConfig>, now: number): BucketRecord {
    bucket.setConfig(mergeConfig(bucket.getConfig(), changes))
    this.#settle(bucket, now)
    const record = bucket.record()
    this.#followers.tell(bucket.name, { type: 'bucket_updated', record })
    return record
  }

  /** Removes a bucket with all it held. */
  remove({ name, epoch }: MemoryBucket, now: number): Commit {
    this.#buckets.delete(name)
    const removal = { epoch, revision: ++this.#revision, createdAt: now }
    this.#followers.tell(name, { type: 'bucket_deleted', ...removal })
    return removal
  }

  /** Makes a revision of a key. */
  commit(bucket: MemoryBucket, change: Omit<StoredRevision, 'revision'>): Commit {
    const stored: StoredRevision = { ...change, revision: ++this.#revision }
    bucket.add(stored)
    this.#followers.tell(bucket.name, { type: 'entry', entry: bucket.view(stored) })
    return { epoch: bucket.epoch, revision: stored.revision, createdAt: stored.createdAt }
  }

  /** Calls `listener` for every commit to a bucket. Returns the function that ends it. @throws closed */
  follow(name: string, listener: (event: EngineEvent) => void): () => void {
    if (this.#isClosed) throw engineClosed()
    return this.#followers.add(name, listener)
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#followers.clear()
    this.#buckets.clear()
  }

  #run<T>(name: string, work: (bucket: MemoryBucket | undefined, now: number) => T): T {
    if (this.#isClosed) throw engineClosed()
    const now = this.now()
    const before = this.#revision
    const started = performance.now()
    const bucket = this.#buckets.get(name)
    try {
      if (bucket) this.#settle(bucket, now)
      return work(bucket, now)
    } finally {
      const writes = this.#revision - before
      if (writes > 0) this.#options.onCommit?.({ writes, durationMs: performance.now() - started })
      this.#wait(name)
      this.#followers.deliver()
    }
  }

  /** Commits the expiries that are due and forgets the tombstones that are. */
  #settle(bucket: MemoryBucket, now: number): void {
    for (let stored = bucket.takeExpired(now); stored; stored = bucket.takeExpired(now)) {
      this.commit(bucket, { key: stored.key, createdAt: now, operation: 'expire', bytes: 0 })
    }
  }

  /** Looks for expiries again after a while, as long as a bucket has anything that will be due. */
  #wait(name: string): void {
    if (this.#timer !== undefined || this.#isClosed) return
    if ((this.#buckets.get(name)?.nextDue ?? Number.POSITIVE_INFINITY) === Number.POSITIVE_INFINITY) return
    const timer = setTimeout(() => {
      this.#timer = undefined
      for (const each of this.#buckets.keys()) this.read(each)
    }, EXPIRY_INTERVAL_MS)
    this.#timer = timer
    // Where a timer keeps its process alive (Node), this one must not.
    ;(timer as { unref?: () => void }).unref?.()
  }
}
