import type { BucketConfig, BucketRecord } from '../../src/engine/bucket-config'
import type { Engine, EngineEvent, EngineOptions, Following } from '../../src/engine/engine'
import type { Commit, Entry } from '../../src/engine/entry'
import { engineClosed } from '../../src/engine/failures'
import { compareKeys } from '../../src/engine/key-order'
import { createMemoryEngine } from '../../src/engine/memory/engine'
import type { OnceOptions } from '../../src/engine/write-options'

type Listener = (event: EngineEvent) => void

/**
 * An engine with what a store of several servers has and the memory engine has not: a revision counter of its own for
 * each bucket, which begins again in each life; buckets that are replaced behind the engine's back; a feed that begins
 * late. Each life of a bucket is a memory engine.
 */
export class LivesEngine implements Engine {
  readonly facts = { name: 'memory', durability: 'none', keyTtl: true } as const
  readonly #options: EngineOptions
  /** What there is of a bucket that is not there. */
  readonly #nothing: Engine
  readonly #lives = new Map<string, Engine>()
  readonly #listeners = new Map<string, Set<Listener>>()
  /** Results by identity: they outlive the life that they belong to. */
  readonly #applied = new Map<string, { at: number; result: Promise<unknown> }>()
  #closed = false

  constructor(options: EngineOptions) {
    this.#options = options
    this.#nothing = createMemoryEngine(options)
  }

  status() {
    return this.#nothing.status()
  }

  createBucket(bucket: string, config: BucketConfig, { once }: OnceOptions = {}): Promise<BucketRecord> {
    return this.#once(once, async () => {
      const life = this.#lives.get(bucket) ?? this.#begin(bucket)
      return life.createBucket(bucket, config)
    })
  }

  updateBucket(bucket: string, changes: Partial<BucketConfig>, { once }: OnceOptions = {}): Promise<BucketRecord> {
    return this.#once(once, () => this.#life(bucket).updateBucket(bucket, changes))
  }

  bucketInfo: Engine['bucketInfo'] = (bucket) => this.#life(bucket).bucketInfo(bucket)

  async listBuckets(prefix: string, { after, limit }: { after?: string | undefined; limit: number }) {
    if (this.#closed) throw engineClosed()
    const names = [...this.#lives.keys()]
      .filter((name) => name.startsWith(prefix) && (after === undefined || compareKeys(name, after) > 0))
      .sort(compareKeys)
    const records = await Promise.all(names.slice(0, limit).map((name) => this.bucketInfo(name)))
    const buckets = records.flatMap((record) => record ?? [])
    return { buckets, next: names.length > limit ? buckets.at(-1)?.name : undefined }
  }

  deleteBucket(bucket: string, { once }: OnceOptions = {}): Promise<Commit | undefined> {
    return this.#once(once, () => {
      const removal = this.#life(bucket).deleteBucket(bucket)
      this.#lives.delete(bucket)
      return removal
    })
  }

  get: Engine['get'] = (bucket, ...rest) => this.#life(bucket).get(bucket, ...rest)

  put: Engine['put'] = (bucket, key, value, { once, ...options } = {}) =>
    this.#once(once, async () => {
      const life = this.#lives.get(bucket) ?? this.#begin(bucket)
      try {
        return await life.put(bucket, key, value, options)
      } catch (error) {
        // A put that fails makes no bucket.
        if (!this.#closed && !(await life.bucketInfo(bucket))) this.#lives.delete(bucket)
        throw error
      }
    })

  delete: Engine['delete'] = (bucket, key, { once, ...options } = {}) =>
    this.#once(once, () => this.#life(bucket).delete(bucket, key, options))

  purge: Engine['purge'] = (bucket, key, { once, ...options } = {}) =>
    this.#once(once, () => this.#life(bucket).purge(bucket, key, options))

  entries: Engine['entries'] = (bucket, query) => this.#life(bucket).entries(bucket, query)
  history: Engine['history'] = (bucket, key, page) => this.#life(bucket).history(bucket, key, page)
  changesSince: Engine['changesSince'] = (bucket, query) => this.#life(bucket).changesSince(bucket, query)

  follow(bucket: string, listener: Listener): Following {
    if (this.#closed) throw engineClosed()
    const own: Listener = (event) => listener(event)
    let isOver = false
    const started = new Promise<void>((resolve) => {
      setImmediate(() => {
        if (!isOver) this.#listenersOf(bucket).add(own)
        resolve()
      })
    })
    return {
      started,
      stop: () => {
        isOver = true
        this.#listenersOf(bucket).delete(own)
      },
    }
  }

  /** Another program replaces a bucket by an empty one; the engine notices a little later. */
  async replace(bucket: string): Promise<void> {
    const old = this.#lives.get(bucket)
    if (!old) return
    const { position } = await old.changesSince(bucket, { limit: 1 })
    const record = (await old.bucketInfo(bucket)) as BucketRecord
    const life = createMemoryEngine(this.#options)
    await life.createBucket(bucket, record)
    this.#lives.set(bucket, life)
    await old.close()
    await new Promise((resolve) => setImmediate(resolve))
    if (this.#closed) return
    this.#report(bucket, { type: 'bucket_deleted', ...position, createdAt: (this.#options.now ?? Date.now)() })
    // What was written meanwhile is reported now, in order, as a feed that begins late does.
    const { changes } = (await life.changesSince(bucket, { limit: 1_000_000 })) as { changes: Entry[] }
    for (const entry of changes) this.#report(bucket, { type: 'entry', entry })
    life.follow(bucket, (event) => this.#report(bucket, event))
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await Promise.all([this.#nothing, ...this.#lives.values()].map((life) => life.close()))
    this.#listeners.clear()
  }

  #life(bucket: string): Engine {
    return this.#lives.get(bucket) ?? this.#nothing
  }

  #begin(bucket: string): Engine {
    if (this.#closed) throw engineClosed()
    const life = createMemoryEngine(this.#options)
    life.follow(bucket, (event) => this.#report(bucket, event))
    this.#lives.set(bucket, life)
    return life
  }

  #listenersOf(bucket: string): Set<Listener> {
    const listeners = this.#listeners.get(bucket) ?? new Set()
    this.#listeners.set(bucket, listeners)
    return listeners
  }

  #report(bucket: string, event: EngineEvent): void {
    for (const listener of [...this.#listenersOf(bucket)]) listener(event)
  }

  async #once<T>(once: string | undefined, write: () => Promise<T>): Promise<T> {
    if (once === undefined) return write()
    const now = (this.#options.uptime ?? (() => performance.now()))()
    const known = this.#applied.get(once)
    if (known && known.at > now - 120_000) {
      const result = (await known.result) as T
      return result && typeof result === 'object' && 'revision' in result ? { ...result, repeated: true } : result
    }
    const result = write()
    this.#applied.set(once, { at: now, result })
    try {
      return await result
    } catch (error) {
      this.#applied.delete(once)
      throw error
    }
  }
}
