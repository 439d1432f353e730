import type { CallOptions, ReadOptions } from '../pipeline/call-options'
import type { Pipeline } from '../pipeline/pipeline'
import type { Params } from '../protocol/contract'
import type { Written } from '../protocol/model'
import type { KnownPosition } from '../protocol/position'
import { decodeValue, encodeValue, type Operation, type WireEntry } from '../protocol/value'
import { KV, type KvUpdate } from '../watch/kv-kind'
import type { SubscriptionSet } from '../watch/subscription-set'
import type { Watcher, WatchHandlers, WatchOptions } from '../watch/watcher'
import { expecting } from './expecting'
import { untilNoConflict } from './modify'
import { collect, pages } from './paging'

/** What one revision did to one key. */
export interface KvEntry<T = unknown> {
  readonly bucket: string
  readonly key: string
  /** As it went in: object, array, string, number, boolean, `null` or `Uint8Array`. `undefined` where there is none. */
  readonly value: T
  readonly revision: number
  /** Identity of the life of the bucket that the revision belongs to. */
  readonly epoch: string
  /** When this revision was made, RFC 3339. */
  readonly createdAt: string
  readonly operation: Operation
}

export interface PutOptions extends CallOptions {
  /** Seconds after which the value expires; with a time-to-live of the bucket's own the shorter one counts. */
  ttlSeconds?: number | undefined
}

export interface DeleteOptions extends CallOptions {
  /** Only if the key's newest revision is this one: a number, or the entry that was read. Else `ConflictError`. */
  ifRevision?: number | KnownPosition | undefined
}

/** Callbacks of a watch of a bucket. */
export interface BucketWatchHandlers<T> extends WatchHandlers {
  onUpdate?: ((event: KvUpdate<T>) => unknown) | undefined
}

export interface BucketWatchOptions extends WatchOptions {
  /** Only these keys, or those that fit these filters. */
  key?: string | string[] | undefined
  /** Without the current values: only what changes from now on. */
  updatesOnly?: boolean | undefined
}

/** One bucket of the key-value store. */
export class Bucket<T> {
  constructor(
    readonly name: string,
    private readonly pipeline: Pipeline,
    private readonly subscriptions: SubscriptionSet,
  ) {}

  /** The key's entry, or, with `revision`, an earlier one that the history keeps. @throws NotFoundError */
  async get(key: string, options: ReadOptions & { revision?: number } = {}): Promise<KvEntry<T>> {
    return this.pipeline.call('kv.get', { ...this.at(key), revision: options.revision }, options, readEntry<T>)
  }

  /** As {@link get}, but a key without a value is `undefined`, and no matter for `onError`. */
  async find(key: string, options?: ReadOptions): Promise<KvEntry<T> | undefined> {
    return this.pipeline.find('kv.get', this.at(key), options, readEntry<T>)
  }

  /** Writes a value, whatever is there. @throws ValidationError for a value JSON cannot carry, or one too large */
  async put(key: string, value: T, options: PutOptions = {}): Promise<Written> {
    return this.pipeline.call('kv.put', () => this.withValue(key, value, options), options)
  }

  /** Writes a value only where there is none. @throws ConflictError */
  async create(key: string, value: T, options: PutOptions = {}): Promise<Written> {
    return this.pipeline.call('kv.create', () => this.withValue(key, value, options), options)
  }

  /**
   * Writes a value only if the key's newest revision is the expected one.
   *
   * @param expected its revision, or better the entry that was read: a number may be another life's of the bucket
   * @throws ConflictError with `currentRevision`
   */
  async update(key: string, value: T, expected: number | KnownPosition, options: PutOptions = {}): Promise<Written> {
    const params = () => ({ ...this.withValue(key, value, options), ...expecting(expected) })
    return this.pipeline.call('kv.update', params, options)
  }

  /**
   * Reads the value (`undefined` where there is none), writes what `change` makes of it, and starts over when another
   * write came in between.
   *
   * @throws ConflictError when that happened 64 times in a row, or until the time (`timeoutMs`) was up
   * @example
   * ```ts
   * await counters.modify('visits', (n = 0) => n + 1)
   * ```
   */
  async modify(
    key: string,
    change: (current: T | undefined) => T | Promise<T>,
    options: PutOptions = {},
  ): Promise<Written & { value: T }> {
    return untilNoConflict(this.pipeline, options, async () => {
      const current = await this.find(key, options)
      const value = await change(current?.value)
      return async (inner) => {
        const written = current ? this.update(key, value, current, inner) : this.create(key, value, inner)
        return { ...(await written), value }
      }
    })
  }

  /** Deletes the value and leaves its history. Fine also where there is none. */
  async delete(key: string, options: DeleteOptions = {}): Promise<Written> {
    return this.pipeline.call('kv.delete', { ...this.at(key), ...expecting(options.ifRevision) }, options)
  }

  /** Deletes the value and its history. Fine also where there is none. */
  async purge(key: string, options: DeleteOptions = {}): Promise<Written> {
    return this.pipeline.call('kv.purge', { ...this.at(key), ...expecting(options.ifRevision) }, options)
  }

  /** All keys that have a value and fit the filter (`user.*`, `session.>`), in the order of their UTF-8 bytes. */
  async listKeys(filter?: string, options?: ReadOptions): Promise<string[]> {
    return collect(this.keyPages(filter, options))
  }

  /** As {@link listKeys}, page by page as they are asked for. */
  async *keys(filter?: string, options?: ReadOptions): AsyncGenerator<string, void, undefined> {
    for await (const keys of this.keyPages(filter, options)) yield* keys
  }

  /** The entries of those keys, page by page as they are asked for. */
  async *entries(filter?: string, options?: ReadOptions): AsyncGenerator<KvEntry<T>, void, undefined> {
    const params = { bucket: this.name, filter }
    for await (const page of pages(this.pipeline, 'kv.entries', params, options, readEntries<T>)) yield* page
  }

  /** The key's revisions that are kept, newest first, deletions included. @throws NotFoundError where there is none */
  async history(key: string, options: ReadOptions & { limit?: number } = {}): Promise<KvEntry<T | undefined>[]> {
    const found = pages(this.pipeline, 'kv.history', this.at(key), options, readEntries<T | undefined>, options.limit)
    return collect(found)
  }

  /**
   * Follows the bucket's keys, or those that fit `key` (keys or filters): what they are now, then what changes. Without
   * `onUpdate`, events wait for the iterator.
   *
   * @example
   * ```ts
   * flags.watch({ onUpdate: ({ key, operation, data }) => apply(key, operation === 'put' ? data : undefined) })
   * ```
   */
  watch(
    handlers: BucketWatchHandlers<T> = {},
    { key, updatesOnly, ...options }: BucketWatchOptions = {},
  ): Watcher<KvUpdate<T>> {
    const wanted = { target: this.name, filters: key === undefined ? undefined : [key].flat(), updatesOnly }
    const onEvent = handlers.onUpdate as ((event: KvUpdate) => unknown) | undefined
    return this.subscriptions.watch(KV, wanted, onEvent, handlers, options) as Watcher<KvUpdate<T>>
  }

  private keyPages(filter: string | undefined, options: ReadOptions | undefined): AsyncIterable<readonly string[]> {
    return pages(this.pipeline, 'kv.keys', { bucket: this.name, filter }, options, ({ keys }) => keys)
  }

  private at(key: string): { bucket: string; key: string } {
    return { bucket: this.name, key }
  }

  private withValue(key: string, value: T, { ttlSeconds }: PutOptions): Params<'kv.put'> {
    return { ...this.at(key), ...encodeValue(value), ttlSeconds }
  }
}

/** An entry as users see it. Some other server's JSON would fail much later, in the code that reads `value`. */
function readEntry<T>({ bucket, key, revision, epoch, createdAt, operation, ...content }: WireEntry): KvEntry<T> {
  if (typeof key !== 'string' || typeof revision !== 'number') throw new TypeError('it is no entry of a bucket')
  return { bucket, key, value: decodeValue(content) as T, revision, epoch, createdAt, operation }
}

function readEntries<T>({ entries }: { entries: WireEntry[] }): KvEntry<T>[] {
  return entries.map(readEntry<T>)
}
