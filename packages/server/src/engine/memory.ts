import { isWellFormed, type Position } from '@ironflow/core/protocol'
import { AppliedWrites } from './applied-writes'
import { DEFAULT_TOMBSTONE_RETENTION_MS, mergeConfig, secondsAfter } from './bucket-config'
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
  type EngineOptions,
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
} from './engine'
import {
  bucketExists,
  bucketFull,
  conflict,
  engineClosed,
  noBucket,
  notWellFormed,
  otherLife,
  valueTooLarge,
} from './failures'
import { Followers } from './followers'
import { KeyFilter } from './key-filter'
import { compareKeys } from './key-order'
import { copyOf, type Kept, MemoryBucket } from './memory/bucket'
import { encodeMeta } from './meta'
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
  readonly facts: EngineFacts = { name: 'memory', durability: 'none', keyTtl: true }
  readonly #storeId = crypto.randomUUID().replaceAll('-', '')
  readonly #options: EngineOptions
  readonly #now: () => number
  readonly #uptime: () => number
  readonly #buckets = new Map<string, MemoryBucket>()
  readonly #followers = new Followers()
  readonly #applied = new AppliedWrites<Commit | BucketRecord>()
  #revision = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #closed = false

  constructor(options: EngineOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#uptime = options.uptime ?? (() => performance.now())
  }

  status(): EngineStatus {
    return this.#closed ? { ready: false, reason: 'closed' } : { ready: true }
  }

  async createBucket(name: string, config: BucketConfig, options: OnceOptions = {}): Promise<BucketRecord> {
    return this.#once(name, options, (bucket, now) => {
      if (bucket) throw bucketExists(name)
      return this.#addBucket(name, config, now).record()
    })
  }

  async updateBucket(name: string, changes: Partial<BucketConfig>, options: OnceOptions = {}): Promise<BucketRecord> {
    return this.#once(name, options, (bucket, now) => {
      if (!bucket) throw noBucket(name)
      bucket.setConfig(mergeConfig(bucket.getConfig(), changes))
      this.#settle(bucket, now)
      const record = bucket.record()
      this.#followers.tell(name, { type: 'bucket_updated', record })
      return record
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

  async deleteBucket(name: string, options: OnceOptions = {}): Promise<Commit | undefined> {
    return this.#once(name, options, (bucket, now) => {
      if (!bucket) return undefined
      this.#buckets.delete(name)
      const removal = { epoch: bucket.epoch, revision: ++this.#revision, createdAt: now }
      this.#followers.tell(name, { type: 'bucket_deleted', ...removal })
      return removal
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
    const { ttlSeconds, meta } = options
    return this.#once(name, options, (existing, now) => {
      const config = existing?.getConfig() ?? options.bucketConfig ?? this.#options.bucketDefaults
      const newest = existing?.newest(key)
      if (value.encoding !== 'base64' && !isWellFormed(value.text)) throw notWellFormed()
      const bytes = bytesOf(value)
      if (bytes > config.maxValueSize) throw valueTooLarge(bytes, config.maxValueSize)
      expectPosition(key, existing, newest, options)
      const total = (existing?.bytes ?? 0) - (newest?.bytes ?? 0) + bytes
      if (config.maxBytes && total > config.maxBytes) throw bucketFull(name, config.maxBytes)
      const bucket = existing ?? this.#addBucket(name, config, now)
      const keyExpiresAt = ttlSeconds === undefined ? undefined : secondsAfter(now, ttlSeconds)
      const content = { value: copyOf(value), bytes, keyExpiresAt }
      return this.#commit(bucket, { key, createdAt: now, operation: 'put', meta: metaOf(meta), ...content })
    })
  }

  async delete(name: string, key: string, options: WriteOptions = {}): Promise<Commit> {
    return this.#remove('delete', name, key, options, (newest) => newest.value !== undefined)
  }

  async purge(name: string, key: string, options: WriteOptions = {}): Promise<Commit> {
    return this.#remove('purge', name, key, options, ({ operation }) => operation !== 'purge')
  }

  async entries(name: string, query: EntriesQuery): Promise<EntriesPage> {
    const { filters, after, limit, bytes, values } = query
    const bucket = this.#read(name)
    const page: EntriesPage = { entries: [], position: this.#positionIn(bucket) }
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
    const position = this.#positionIn(bucket)
    if (after && after.epoch !== NO_BUCKET.epoch) {
      if (after.epoch !== position.epoch) return { lost: 'epoch', position }
      if (after.revision > position.revision) return { lost: 'ahead', position }
      if (bucket && after.revision < bucket.floor) return { lost: 'expired', position }
    }
    const room = new PageRoom(limit, bytes)
    const changes: Entry[] = []
    for (const kept of bucket?.changedAfter(after?.revision ?? 0) ?? []) {
      if (!room.take(kept.bytes)) return { changes, more: true, position }
      if (bucket) changes.push(bucket.view(kept))
    }
    return { changes, more: false, position }
  }

  follow(name: string, listener: (event: EngineEvent) => void): Following {
    if (this.#closed) throw engineClosed()
    return { started: Promise.resolve(), stop: this.#followers.add(name, listener) }
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

  /** As {@link #write}, unless it was applied before. */
  #once<T extends Commit | BucketRecord | undefined>(
    name: string,
    { once }: OnceOptions,
    work: (bucket: MemoryBucket | undefined, now: number) => T,
  ): T {
    return this.#write(name, (bucket, now) => {
      const applied = once === undefined ? undefined : this.#applied.find(once, this.#uptime())
      // Under one identity there is one kind of write, and so one kind of result.
      if (applied) return ('revision' in applied ? { ...applied, repeated: true } : applied) as T
      const result = work(bucket, now)
      if (once !== undefined && result) this.#applied.add(once, result, this.#uptime())
      return result
    })
  }

  #remove(
    operation: 'delete' | 'purge',
    name: string,
    key: string,
    options: WriteOptions,
    isDue: (newest: Kept) => boolean,
  ): Commit {
    return this.#once(name, options, (bucket, now) => {
      const newest = bucket?.newest(key)
      expectPosition(key, bucket, newest, options)
      if (bucket && newest && isDue(newest)) {
        return this.#commit(bucket, { key, createdAt: now, operation, bytes: 0, meta: metaOf(options.meta) })
      }
      const { epoch } = bucket ?? NO_BUCKET
      return { epoch, revision: newest?.revision ?? 0, createdAt: newest?.createdAt ?? now }
    })
  }

  /** One counter serves all buckets, so where a bucket is, it is as of the newest revision of them all. */
  #positionIn(bucket: MemoryBucket | undefined): Position {
    return bucket ? { epoch: bucket.epoch, revision: this.#revision } : NO_BUCKET
  }

  #addBucket(name: string, config: BucketConfig, now: number): MemoryBucket {
    const retention = this.#options.tombstoneRetentionMs ?? DEFAULT_TOMBSTONE_RETENTION_MS
    const bucket = new MemoryBucket(name, this.#storeId, now, ++this.#revision, retention, mergeConfig(config, {}))
    this.#buckets.set(name, bucket)
    return bucket
  }

  #commit(bucket: MemoryBucket, change: Omit<Kept, 'revision'>): Commit {
    const kept: Kept = { ...change, revision: ++this.#revision }
    bucket.add(kept)
    this.#followers.tell(bucket.name, { type: 'entry', entry: bucket.view(kept) })
    return { epoch: bucket.epoch, revision: kept.revision, createdAt: kept.createdAt }
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

/** A copy: what was given belongs to its maker. @throws ValidationError where it is too much */
function metaOf(meta: WriteOptions['meta']): WriteOptions['meta'] {
  const text = encodeMeta(meta)
  return text === undefined ? undefined : JSON.parse(text)
}

function bytesOf(value: StoredValue): number {
  return value.encoding === 'base64' ? value.bytes.length : encoder.encode(value.text).length
}

function expectPosition(
  key: string,
  bucket: MemoryBucket | undefined,
  newest: Kept | undefined,
  { expectedRevision: expected, expectedEpoch }: WriteOptions,
): void {
  const current = newest?.revision ?? 0
  if (expectedEpoch !== undefined && expectedEpoch !== bucket?.epoch) throw otherLife(key, current)
  if (expected === undefined) return
  if (expected === 0 ? newest?.value !== undefined : current !== expected) throw conflict(key, expected, current)
}
