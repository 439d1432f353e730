import type { CallOptions, ReadOptions } from '../pipeline/call-options'
import type { Written } from '../protocol/model'
import type { KnownPosition } from '../protocol/position'
import type { Operation } from '../protocol/value'
import type { KvUpdate } from '../watch/kv-kind'
import type { BucketSnapshot } from '../watch/live-kinds'
import type { LiveOptions, LiveValue } from '../watch/live-value'
import type { Watcher, WatchHandlers, WatchOptions } from '../watch/watcher'
import type { HistoryOptions } from './config-api'

/** One revision of one key. */
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

/** Options of reading a key. */
export interface KvReadOptions extends ReadOptions {
  /** An earlier revision that the history keeps, instead of the newest. */
  revision?: number | undefined
}

/** Options of writing a value. */
export interface PutOptions extends CallOptions {
  /** Seconds after which the value expires; with a time-to-live of the bucket's own the shorter one counts. */
  ttlSeconds?: number | undefined
}

/** Options of deleting a key. */
export interface DeleteOptions extends CallOptions {
  /** Only if the key's newest revision is this one: a number, or the entry that was read. Else `ConflictError`. */
  ifRevision?: number | KnownPosition | undefined
}

/** Callbacks of a watch of a bucket. */
export interface BucketWatchHandlers<T> extends WatchHandlers {
  onUpdate?: ((event: KvUpdate<T>) => unknown) | undefined
}

/** Options of a watch of a bucket. */
export interface BucketWatchOptions extends WatchOptions {
  /** Only these keys, or those that fit these filters. */
  key?: string | string[] | undefined
  /** Without the current values: only what changes from now on. */
  updatesOnly?: boolean | undefined
}

/** One bucket of the key-value store. `client.kv().bucket(name)`. */
export interface KvBucket<T = unknown> {
  readonly name: string

  /** Reads the key's entry. @throws NotFoundError where there is none */
  get(key: string, options?: KvReadOptions): Promise<KvEntry<T>>

  /** As {@link get}, but a key without a value is `undefined` and not reported to `onError`. */
  find(key: string, options?: KvReadOptions): Promise<KvEntry<T> | undefined>

  /** Writes a value, whatever is there. @throws ValidationError for a value JSON cannot carry, or one too large */
  put(key: string, value: T, options?: PutOptions): Promise<Written>

  /** Writes a value only where there is none. @throws ConflictError */
  create(key: string, value: T, options?: PutOptions): Promise<Written>

  /**
   * Writes a value only if the key's newest revision is the expected one.
   *
   * @param expected its revision, or better the entry that was read: a number may be another life's of the bucket
   * @throws ConflictError with `currentRevision`
   */
  update(key: string, value: T, expected: number | KnownPosition, options?: PutOptions): Promise<Written>

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
  modify(
    key: string,
    change: (current: T | undefined) => T | Promise<T>,
    options?: PutOptions,
  ): Promise<Written & { value: T }>

  /** Deletes the value and leaves its history. No-op if it does not exist. */
  delete(key: string, options?: DeleteOptions): Promise<Written>

  /** Deletes the value and its history. No-op if it does not exist. */
  purge(key: string, options?: DeleteOptions): Promise<Written>

  /** Lists all keys that have a value and fit the filter (`user.*`, `session.>`), in the order of their UTF-8 bytes. */
  listKeys(filter?: string, options?: ReadOptions): Promise<string[]>

  /** As {@link listKeys}, page by page as they are asked for. */
  keys(filter?: string, options?: ReadOptions): AsyncGenerator<string, void, undefined>

  /** Reads the entries of those keys, page by page as they are asked for. */
  entries(filter?: string, options?: ReadOptions): AsyncGenerator<KvEntry<T>, void, undefined>

  /** Lists the key's revisions that are kept, newest first, deletions included. @throws NotFoundError where there is none */
  history(key: string, options?: HistoryOptions): Promise<KvEntry<T | undefined>[]>

  /**
   * Follows the bucket's keys, or those that fit `key` (keys or filters): their current values, then every change.
   * Without `onUpdate`, events wait for the iterator.
   *
   * @example
   * ```ts
   * flags.watch({ onUpdate: ({ key, operation, data }) => apply(key, operation === 'put' ? data : undefined) })
   * ```
   */
  watch(handlers?: BucketWatchHandlers<T>, options?: BucketWatchOptions): Watcher<KvUpdate<T>>

  /** Keeps the values of the bucket's keys, or of those that fit `filter`, in memory, to be read without a call. */
  live(
    filter: string | string[] | undefined,
    options: LiveOptions<BucketSnapshot<T>> & { fallback: BucketSnapshot<T> },
  ): LiveValue<BucketSnapshot<T>>
  live(filter?: string | string[], options?: LiveOptions<BucketSnapshot<T>>): LiveValue<BucketSnapshot<T> | undefined>
}
