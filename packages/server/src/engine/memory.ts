import { isWellFormed } from '@ironflow/core/protocol'
import { DEFAULT_TOMBSTONE_RETENTION_MS, mergeConfig, secondsAfter } from './bucket-config'
import type {
  BucketConfig,
  BucketPage,
  BucketRecord,
  ChangesPage,
  ChangesQuery,
  Commit,
  Engine,
  EngineEvent,
  EngineFacts,
  EngineOptions,
  EngineStatus,
  EntriesPage,
  EntriesQuery,
  Entry,
  HistoryQuery,
  PutOptions,
  ReadOptions,
  StoredValue,
  WriteOptions,
} from './engine'
import { bucketExists, bucketFull, conflict, engineClosed, noBucket, notWellFormed, valueTooLarge } from './failures'
import { Followers } from './followers'
import { KeyFilter } from './key-filter'
import { compareKeys } from './key-order'
import { copyOf, type Kept, MemoryBucket } from './memory/bucket'
import { PageRoom } from './page-room'

/** How many keys one page of a listing looks at, at most. */
const SCAN_LIMIT = 10_000

/** How often expiries are looked for, in milliseconds: well within the second they may be late. */
const EXPIRY_INTERVAL_MS = 200

/**
 * A store that lives as long as its process. It needs web standards only, so it runs in tests, browsers and edge
 * workers alike.
 */
export function createMemoryEngine(options: EngineOptions): Engine {
  return new MemoryEngine(options)
}

/** Every operation runs to its end without giving way, so each is a transaction by nature. */
class MemoryEngine implements Engine {
  readonly facts: EngineFacts = {
    name: 'memory',
    epoch: crypto.randomUUID().replaceAll('-', ''),
    durability: 'none',
    keyTtl: true,
  }
  readonly #options: EngineOptions
  readonly #now: () => number
  readonly #buckets = new Map<string, MemoryBucket>()
  readonly #followers = new Followers()
  #revision = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #closed = false

  constructor(options: EngineOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  status(): EngineStatus {
    return this.#closed ? { ready: false, reason: 'closed' } : { ready: true, revision: this.#revision }
  }

  async createBucket(name: string, config: BucketConfig): Promise<BucketRecord> {
    return this.#write(name, (bucket, now) => {
      if (bucket) throw bucketExists(name)
      return this.#addBucket(name, config, now).record()
    })
  }

  async updateBucket(name: string, changes: Partial<BucketConfig>): Promise<BucketRecord> {
    return this.#write(name, (bucket, now) => {
      if (!bucket) throw noBucket(name)
      bucket.setConfig(mergeConfig(bucket.getConfig(), changes))
      this.#settle(bucket, now)
      return bucket.record()
    })
  }

  async bucketInfo(name: string): Promise<BucketRecord | undefined> {
    return this.#read(name)?.record()
  }

  async listBuckets(
    prefix: string,
    { after, limit }: { after?: string | undefined; limit: number },
  ): Promise<BucketPage> {
    if (this.#closed) throw engineClosed()
    const names = [...this.#buckets.keys()]
      .filter((name) => name.startsWith(prefix) && (after === undefined || compareKeys(name, after) > 0))
      .sort(compareKeys)
    const buckets = names.slice(0, limit).flatMap((name) => this.#read(name)?.record() ?? [])
    return { buckets, next: names.length > limit ? buckets.at(-1)?.name : undefined }
  }

  async deleteBucket(name: string): Promise<number | undefined> {
    return this.#write(name, (bucket, now) => {
      if (!bucket) return undefined
      this.#buckets.delete(name)
      this.#revision++
      this.#followers.tell(name, { type: 'bucket_deleted', revision: this.#revision, createdAt: now })
      return this.#revision
    })
  }

  async get(
    name: string,
    key: string,
    options: ReadOptions & { revision?: number | undefined } = {},
  ): Promise<Entry | undefined> {
    const bucket = this.#read(name)
    const kept =
      options.revision === undefined
        ? bucket?.newest(key)
        : bucket?.revisions(key).find(({ revision }) => revision === options.revision)
    return bucket && kept && !bucket.isPast(kept, this.#now()) ? bucket.view(kept) : undefined
  }

  async put(name: string, key: string, value: StoredValue, options: PutOptions = {}): Promise<Commit> {
    const { ttlSeconds, expectedRevision } = options
    return this.#write(name, (existing, now) => {
      const config = existing?.getConfig() ?? this.#options.bucketDefaults
      const newest = existing?.newest(key)
      if (value.encoding !== 'base64' && !isWellFormed(value.text)) throw notWellFormed()
      const bytes = bytesOf(value)
      if (bytes > config.maxValueSize) throw valueTooLarge(bytes, config.maxValueSize)
      expectRevision(key, newest, expectedRevision)
      const total = (existing?.bytes ?? 0) - (newest?.bytes ?? 0) + bytes
      if (config.maxBytes && total > config.maxBytes) throw bucketFull(name, config.maxBytes)
      const bucket = existing ?? this.#addBucket(name, config, now)
      const keyExpiresAt = ttlSeconds === undefined ? undefined : secondsAfter(now, ttlSeconds)
      return this.#commit(bucket, { key, createdAt: now, operation: 'put', value: copyOf(value), bytes, keyExpiresAt })
    })
  }

  async delete(name: string, key: string, options: WriteOptions = {}): Promise<Commit> {
    return this.#write(name, (bucket, now) => {
      const newest = bucket?.newest(key)
      expectRevision(key, newest, options.expectedRevision)
      if (!bucket || !newest?.value) return unchanged(newest, now)
      return this.#commit(bucket, { key, createdAt: now, operation: 'delete', bytes: 0 })
    })
  }

  async purge(name: string, key: string, options: WriteOptions = {}): Promise<Commit> {
    return this.#write(name, (bucket, now) => {
      const newest = bucket?.newest(key)
      expectRevision(key, newest, options.expectedRevision)
      if (!bucket || !newest || newest.operation === 'purge') return unchanged(newest, now)
      return this.#commit(bucket, { key, createdAt: now, operation: 'purge', bytes: 0 })
    })
  }

  async entries(name: string, query: EntriesQuery): Promise<EntriesPage> {
    const { filters, after, limit, bytes, values } = query
    const bucket = this.#read(name)
    const page: EntriesPage = { entries: [], revision: this.#revision }
    const filter = new KeyFilter(filters)
    const room = new PageRoom(limit, bytes)
    let last = after
    let looked = 0
    for (const kept of bucket?.keysIn(filter.ranges, after) ?? []) {
      if (looked++ === SCAN_LIMIT || room.isFull) return { ...page, next: last }
      if (kept.value && filter.matches(kept.key)) {
        if (!room.take(values ? kept.bytes : 0)) return { ...page, next: last }
        if (bucket) page.entries.push(bucket.view(kept, values))
      }
      last = kept.key
    }
    return page
  }

  async history(name: string, key: string, { before, limit, bytes }: HistoryQuery): Promise<Entry[]> {
    const bucket = this.#read(name)
    if (!bucket) return []
    const now = this.#now()
    const room = new PageRoom(limit, bytes)
    const entries: Entry[] = []
    for (const kept of [...bucket.revisions(key)].reverse()) {
      if (bucket.isPast(kept, now) || (before !== undefined && kept.revision >= before)) continue
      if (!room.take(kept.bytes)) break
      entries.push(bucket.view(kept))
    }
    return entries
  }

  async changesSince(name: string, { after, limit, bytes }: ChangesQuery): Promise<ChangesPage> {
    const bucket = this.#read(name)
    const revision = this.#revision
    if (after > revision) return { lost: 'ahead', revision }
    // Of a bucket that is not there, only a cursor that has seen everything is known to have missed nothing.
    if (after > 0 && after < (bucket?.floor ?? revision)) return { lost: 'expired', revision }
    const room = new PageRoom(limit, bytes)
    const changes: Entry[] = []
    for (const kept of bucket?.changedAfter(after) ?? []) {
      if (!room.take(kept.bytes)) return { changes, more: true, revision }
      if (bucket) changes.push(bucket.view(kept))
    }
    return { changes, more: false, revision }
  }

  follow(name: string, listener: (event: EngineEvent) => void): () => void {
    if (this.#closed) throw engineClosed()
    return this.#followers.add(name, listener)
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#followers.clear()
    this.#buckets.clear()
  }

  /** The bucket, with everything that is due done, so that no reader meets a value past its time. */
  #read(name: string): MemoryBucket | undefined {
    return this.#write(name, (bucket) => bucket)
  }

  #write<T>(name: string, work: (bucket: MemoryBucket | undefined, now: number) => T): T {
    if (this.#closed) throw engineClosed()
    const now = this.#now()
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

  #addBucket(name: string, config: BucketConfig, now: number): MemoryBucket {
    const retention = this.#options.tombstoneRetentionMs ?? DEFAULT_TOMBSTONE_RETENTION_MS
    const bucket = new MemoryBucket(name, now, ++this.#revision, retention, mergeConfig(config, {}))
    this.#buckets.set(name, bucket)
    return bucket
  }

  #commit(bucket: MemoryBucket, change: Omit<Kept, 'revision'>): Commit {
    const kept: Kept = { ...change, revision: ++this.#revision }
    bucket.add(kept)
    this.#followers.tell(bucket.name, { type: 'entry', entry: bucket.view(kept) })
    return { revision: kept.revision, createdAt: kept.createdAt }
  }

  /** Commits the expiries that are due and forgets the tombstones that are. */
  #settle(bucket: MemoryBucket, now: number): void {
    for (let kept = bucket.takeExpired(now); kept; kept = bucket.takeExpired(now)) {
      this.#commit(bucket, { key: kept.key, createdAt: now, operation: 'expire', bytes: 0 })
    }
  }

  /** Looks for expiries again after a while, as long as a bucket has anything that will be due. */
  #wait(name: string): void {
    if (this.#timer !== undefined || this.#closed) return
    if ((this.#buckets.get(name)?.nextDue ?? Number.POSITIVE_INFINITY) === Number.POSITIVE_INFINITY) return
    const timer = setTimeout(() => {
      this.#timer = undefined
      for (const each of this.#buckets.keys()) this.#read(each)
    }, EXPIRY_INTERVAL_MS)
    this.#timer = timer
    // Where a timer keeps its process alive (Node), this one must not.
    ;(timer as { unref?: () => void }).unref?.()
  }
}

const encoder = new TextEncoder()

function bytesOf(value: StoredValue): number {
  return value.encoding === 'base64' ? value.bytes.length : encoder.encode(value.text).length
}

function expectRevision(key: string, newest: Kept | undefined, expected: number | undefined): void {
  if (expected === undefined) return
  const current = newest?.revision ?? 0
  if (expected === 0 ? newest?.value !== undefined : current !== expected) throw conflict(key, expected, current)
}

function unchanged(newest: Kept | undefined, now: number): Commit {
  return { revision: newest?.revision ?? 0, createdAt: newest?.createdAt ?? now }
}
