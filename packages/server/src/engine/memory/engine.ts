import { isWellFormed } from '@ironflow/core/protocol'
import { type BucketConfig, type BucketPage, type BucketRecord, secondsAfter } from '../bucket-config'
import type { Engine, EngineEvent, EngineFacts, EngineOptions, EngineStatus, Following } from '../engine'
import type { Commit, Entry, StoredValue } from '../entry'
import { bucketExists, bucketFull, conflict, noBucket, notWellFormed, otherLife, valueTooLarge } from '../failures'
import { KeyFilter } from '../key-filter'
import { compareKeys } from '../key-order'
import { PageRoom } from '../page-room'
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
import { copyOf, type MemoryBucket, type StoredRevision } from './bucket'
import { MemoryStore } from './store'

/** Most keys that one page of a listing looks at. */
const SCAN_LIMIT = 10_000

/**
 * A store that lives as long as its process. It needs web standards only, so it runs in tests, browsers and edge
 * workers alike.
 */
export function createMemoryEngine(options: EngineOptions): Engine {
  return new MemoryEngine(options)
}

/** The rules of an engine, over a store in memory. Every operation is one transaction of the store. */
class MemoryEngine implements Engine {
  readonly facts: EngineFacts = { name: 'memory', durability: 'none', keyTtl: true }
  readonly #bucketDefaults: BucketConfig
  readonly #store: MemoryStore

  constructor(options: EngineOptions) {
    this.#bucketDefaults = options.bucketDefaults
    this.#store = new MemoryStore(options)
  }

  status(): EngineStatus {
    return this.#store.isClosed ? { ready: false, reason: 'closed' } : { ready: true }
  }

  async createBucket(name: string, config: BucketConfig, options: OnceOptions = {}): Promise<BucketRecord> {
    return this.#store.write(name, options, (bucket, now) => {
      if (bucket) throw bucketExists(name)
      return this.#store.add(name, config, now).record()
    })
  }

  async updateBucket(name: string, changes: Partial<BucketConfig>, options: OnceOptions = {}): Promise<BucketRecord> {
    return this.#store.write(name, options, (bucket, now) => {
      if (!bucket) throw noBucket(name)
      return this.#store.update(bucket, changes, now)
    })
  }

  async bucketInfo(name: string): Promise<BucketRecord | undefined> {
    return this.#store.read(name)?.record()
  }

  async listBuckets(
    prefix: string,
    { after, limit }: { after?: string | undefined; limit: number },
  ): Promise<BucketPage> {
    const names = this.#store
      .names()
      .filter((name) => name.startsWith(prefix) && (after === undefined || compareKeys(name, after) > 0))
      .sort(compareKeys)
    const buckets = names.slice(0, limit).flatMap((name) => this.#store.read(name)?.record() ?? [])
    return { buckets, next: names.length > limit ? buckets.at(-1)?.name : undefined }
  }

  async deleteBucket(name: string, options: OnceOptions = {}): Promise<Commit | undefined> {
    return this.#store.write(name, options, (bucket, now) => bucket && this.#store.remove(bucket, now))
  }

  async get(
    name: string,
    key: string,
    options: ReadOptions & { revision?: number | undefined } = {},
  ): Promise<Entry | undefined> {
    const bucket = this.#store.read(name)
    const stored =
      options.revision === undefined
        ? bucket?.newest(key)
        : bucket?.revisions(key).find(({ revision }) => revision === options.revision)
    return bucket && stored && !bucket.isPast(stored, this.#store.now()) ? bucket.view(stored) : undefined
  }

  async put(name: string, key: string, value: StoredValue, options: PutOptions = {}): Promise<Commit> {
    const { ttlSeconds, meta } = options
    return this.#store.write(name, options, (existing, now) => {
      const config = existing?.getConfig() ?? options.bucketConfig ?? this.#bucketDefaults
      const newest = existing?.newest(key)
      if (value.encoding !== 'base64' && !isWellFormed(value.text)) throw notWellFormed()
      const bytes = bytesOf(value)
      if (bytes > config.maxValueSize) throw valueTooLarge(bytes, config.maxValueSize)
      expectPosition(key, existing, newest, options)
      const total = (existing?.bytes ?? 0) - (newest?.bytes ?? 0) + bytes
      if (config.maxBytes && total > config.maxBytes) throw bucketFull(name, config.maxBytes)
      const bucket = existing ?? this.#store.add(name, config, now)
      const keyExpiresAt = ttlSeconds === undefined ? undefined : secondsAfter(now, ttlSeconds)
      const content = { value: copyOf(value), bytes, keyExpiresAt }
      return this.#store.commit(bucket, { key, createdAt: now, operation: 'put', meta: metaOf(meta), ...content })
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
    const bucket = this.#store.read(name)
    const page: EntriesPage = { entries: [], position: this.#store.positionIn(bucket) }
    const filter = new KeyFilter(filters)
    const room = new PageRoom(limit, bytes)
    let last = after
    let looked = 0
    for (const stored of bucket?.keysIn(filter.ranges, after) ?? []) {
      if (looked++ === SCAN_LIMIT || room.isFull) return { ...page, next: last }
      if (stored.value && filter.matches(stored.key)) {
        if (!room.take(values ? stored.bytes : 0)) return { ...page, next: last }
        if (bucket) page.entries.push(bucket.view(stored, values))
      }
      last = stored.key
    }
    return page
  }

  async history(name: string, key: string, { before, limit, bytes }: HistoryQuery): Promise<Entry[]> {
    const bucket = this.#store.read(name)
    if (!bucket) return []
    const now = this.#store.now()
    const room = new PageRoom(limit, bytes)
    const entries: Entry[] = []
    for (const stored of [...bucket.revisions(key)].reverse()) {
      if (bucket.isPast(stored, now) || (before !== undefined && stored.revision >= before)) continue
      if (!room.take(stored.bytes)) break
      entries.push(bucket.view(stored))
    }
    return entries
  }

  async changesSince(name: string, { after, limit, bytes }: ChangesQuery): Promise<ChangesPage> {
    const bucket = this.#store.read(name)
    const position = this.#store.positionIn(bucket)
    if (after && after.epoch !== NO_BUCKET.epoch) {
      if (after.epoch !== position.epoch) return { lost: 'epoch', position }
      if (after.revision > position.revision) return { lost: 'ahead', position }
      if (bucket && after.revision < bucket.floor) return { lost: 'expired', position }
    }
    const room = new PageRoom(limit, bytes)
    const changes: Entry[] = []
    for (const stored of bucket?.changedAfter(after?.revision ?? 0) ?? []) {
      if (!room.take(stored.bytes)) return { changes, more: true, position }
      if (bucket) changes.push(bucket.view(stored))
    }
    return { changes, more: false, position }
  }

  follow(name: string, listener: (event: EngineEvent) => void): Following {
    return { started: Promise.resolve(), stop: this.#store.follow(name, listener) }
  }

  async close(): Promise<void> {
    this.#store.close()
  }

  #remove(
    operation: 'delete' | 'purge',
    name: string,
    key: string,
    options: WriteOptions,
    isDue: (newest: StoredRevision) => boolean,
  ): Commit {
    return this.#store.write(name, options, (bucket, now) => {
      const newest = bucket?.newest(key)
      expectPosition(key, bucket, newest, options)
      if (bucket && newest && isDue(newest)) {
        return this.#store.commit(bucket, { key, createdAt: now, operation, bytes: 0, meta: metaOf(options.meta) })
      }
      const { epoch } = bucket ?? NO_BUCKET
      return { epoch, revision: newest?.revision ?? 0, createdAt: newest?.createdAt ?? now }
    })
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
  newest: StoredRevision | undefined,
  { expectedRevision: expected, expectedEpoch }: WriteOptions,
): void {
  const current = newest?.revision ?? 0
  if (expectedEpoch !== undefined && expectedEpoch !== bucket?.epoch) throw otherLife(key, current)
  if (expected === undefined) return
  if (expected === 0 ? newest?.value !== undefined : current !== expected) throw conflict(key, expected, current)
}
