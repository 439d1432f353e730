import type { BucketConfig, BucketPage, BucketRecord } from './bucket-config'
import type { Commit, Entry, StoredValue } from './entry'
import type { ChangesPage, ChangesQuery, EntriesPage, EntriesQuery, HistoryQuery, ReadOptions } from './queries'
import type { OnceOptions, PutOptions, WriteOptions } from './write-options'

/**
 * Storage, as the domain sees it. One interface for every engine, every member required, one contract suite
 * (`@ironflow/server/testing`) that each engine passes unchanged.
 *
 * An engine knows buckets by their stored name (`APP_<environment>_<bucket>`, `SYS_apikeys`) and nothing of
 * environments, documents or keys' rules: names arrive validated. It throws `IronflowError`s: `not_found` for a bucket
 * that does not exist where one is needed, `already_exists`, `revision_conflict`, `invalid_request`, `payload_too_large`,
 * `storage_full`, `unsupported`, `unavailable`, `closed`; `internal` where what is stored turns out to be damaged. One
 * about a bucket has its stored name in `details.bucket`, and not in its message, which the domain words for users.
 *
 * What holds for every engine:
 * - a write that has resolved is visible to every read that starts after it, and as durable as `facts.durability` says;
 * - revisions grow strictly within one life of a bucket and are never reused in it. Deleting and making a bucket again,
 *   restoring or replacing it begins another life with another epoch, whose revisions may be lower. Only the engine
 *   compares positions;
 * - an expired value is hidden from readers at once; its `expire` tombstone is committed at most a second late, and
 *   before any later write to that key.
 */
export interface Engine {
  readonly facts: EngineFacts

  /** Whether it can take reads and writes now, and why not. Costs nothing: `/ready` asks it. */
  status(): EngineStatus

  /** Makes a bucket. @throws already_exists */
  createBucket(bucket: string, config: BucketConfig, options?: OnceOptions): Promise<BucketRecord>
  /**
   * Changes a bucket's options; members that are absent stay. A new `ttlSeconds` counts for values that are there
   * already, a new `history` trims what is kept beyond it. @throws not_found
   */
  updateBucket(bucket: string, changes: Partial<BucketConfig>, options?: OnceOptions): Promise<BucketRecord>
  bucketInfo(bucket: string): Promise<BucketRecord | undefined>
  /** The buckets whose stored name starts with `prefix`, by name, after the name `after`. */
  listBuckets(prefix: string, page: { after?: string | undefined; limit: number }): Promise<BucketPage>
  /**
   * Removes a bucket with all it held. Returns the position of the removal in the life that ended; `undefined` where
   * there was no bucket.
   */
  deleteBucket(bucket: string, options?: OnceOptions): Promise<Commit | undefined>

  /**
   * A key's newest entry, or, with `revision`, the entry that revision made, while history keeps it. A tombstone is an
   * entry without a value; an expired value reads as absent, whether its tombstone is committed yet or not.
   * `undefined` where there is nothing, also no bucket.
   */
  get(
    bucket: string,
    key: string,
    options?: ReadOptions & { revision?: number | undefined },
  ): Promise<Entry | undefined>
  /**
   * Writes a value; makes the bucket where there is none, with {@link PutOptions.bucketConfig}. Text that UTF-8 cannot
   * carry, because a surrogate lacks its partner, is `invalid_request`.
   */
  put(bucket: string, key: string, value: StoredValue, options?: PutOptions): Promise<Commit>
  /**
   * Puts a tombstone. Where there is no value already (also no bucket), nothing is written and the result is the
   * position of the key's newest revision, revision 0 where it was never written; the expectation is checked either way.
   */
  delete(bucket: string, key: string, options?: WriteOptions): Promise<Commit>
  /**
   * As {@link delete}, and forgets the key's history: only the tombstone (`purge`) is left. A deleted or expired key has
   * a history to forget, so there it writes; after another purge it does not.
   */
  purge(bucket: string, key: string, options?: WriteOptions): Promise<Commit>

  /** The keys that have a value, in the order of their UTF-8 bytes. An absent bucket is an empty one. */
  entries(bucket: string, query: EntriesQuery): Promise<EntriesPage>
  /**
   * The revisions of a key that are kept, newest first, tombstones included, values past their time left out. A page
   * may be shorter than its limit; nothing follows an empty one.
   */
  history(bucket: string, key: string, page: HistoryQuery): Promise<Entry[]>

  /**
   * Returns every key that changed after a position, each once with its newest state, tombstones included, by revision.
   * A value past its time is left out: its `expire` follows. Returns `lost` instead where that cannot be known: see
   * {@link ChangesPage}.
   */
  changesSince(bucket: string, query: ChangesQuery): Promise<ChangesPage>
  /**
   * Calls `listener` for every commit to the bucket, whichever process made it, in the order of revisions, after it can
   * be read and before the write of this process that made it resolves. The bucket need not exist. The events of a
   * life come before its `bucket_deleted`, and those of the next life after it. A listener must not throw, and leaves
   * what it is given as it is: all listeners share it. @throws closed
   */
  follow(bucket: string, listener: (event: EngineEvent) => void): Following

  /**
   * Finishes the writes under way and lets go of the store. A second call is a no-op; any other call after it fails with
   * `closed`, and `status` says so.
   */
  close(): Promise<void>
}

export interface EngineFacts {
  readonly name: 'memory' | 'sqlite' | 'jetstream'
  /** What an acknowledged write survives: nothing; a crash of process and machine; the loss of a machine. */
  readonly durability: 'none' | 'fsync' | 'replicated'
  /** Whether a single key can have a time-to-live; where not, a put with `ttlSeconds` is `unsupported`. */
  readonly keyTtl: boolean
}

export type EngineStatus = { readonly ready: true } | { readonly ready: false; readonly reason: string }

/** A listener's place at a bucket's feed. */
export interface Following {
  /**
   * Resolves when every commit from now on is reported. What was committed before may be reported or not: read it after
   * this. Never rejects.
   */
  readonly started: Promise<void>
  /** Ends it: the listener is not called again. A second call is a no-op. */
  stop(): void
}

/** What every engine can be told. */
export interface EngineOptions {
  /** What a bucket gets that a put creates. */
  bucketDefaults: BucketConfig
  /**
   * Milliseconds (default 24 h) for which a tombstone is kept. After that the key is forgotten, and a cursor from before
   * the tombstone is `lost: 'expired'`.
   */
  tombstoneRetentionMs?: number | undefined
  /** Told after every commit, for the metrics. */
  onCommit?: ((batch: CommitStats) => void) | undefined
  /** Wall clock in epoch milliseconds; tests bring their own. */
  now?: (() => number) | undefined
  /** Monotonic clock in milliseconds, which setting the wall clock leaves as it is; tests bring their own. */
  uptime?: (() => number) | undefined
}

/** One transaction: how many writes it made true, and how long it took in milliseconds. */
export interface CommitStats {
  writes: number
  durationMs: number
}

export type EngineEvent =
  | { readonly type: 'entry'; readonly entry: Entry }
  /** The bucket's options are others now, and with them perhaps the expiry of its values. */
  | { readonly type: 'bucket_updated'; readonly record: BucketRecord }
  /** The bucket and all it held are gone; `epoch` is the life that ended. */
  | { readonly type: 'bucket_deleted'; readonly epoch: string; readonly revision: number; readonly createdAt: number }
