import type { Operation } from '@ironflow/core/protocol'

/**
 * Storage, as the domain sees it. One interface for every engine, every member required, one contract suite
 * (`@ironflow/server/testing`) that each engine passes unchanged.
 *
 * An engine knows buckets by their stored name (`APP_<environment>_<bucket>`, `SYS_apikeys`) and nothing of
 * environments, documents or keys' rules: names arrive validated. It throws `IronflowError`s: `not_found` for a bucket
 * that does not exist where one is needed, `already_exists`, `revision_conflict`, `invalid_request`, `payload_too_large`,
 * `storage_full`, `unsupported`, `unavailable`, `closed`; `internal` where what is stored turns out to be damaged.
 *
 * What holds for every engine:
 * - a write that has resolved is visible to every read that starts after it, and as durable as `facts.durability` says;
 * - revisions grow strictly within a bucket and are never used again, also not after it is deleted and made again;
 * - an expired value is hidden from readers at once; its `expire` tombstone is committed at most a second late, and
 *   before any later write to that key.
 */
export interface Engine {
  readonly facts: EngineFacts

  /** Whether it can take reads and writes now, and why not. Costs nothing: `/ready` asks it. */
  status(): EngineStatus

  /** Makes a bucket. @throws already_exists */
  createBucket(bucket: string, config: BucketConfig): Promise<BucketRecord>
  /**
   * Changes a bucket's options; members that are absent stay. A new `ttlSeconds` counts for values that are there
   * already, a new `history` trims what is kept beyond it. @throws not_found
   */
  updateBucket(bucket: string, changes: Partial<BucketConfig>): Promise<BucketRecord>
  bucketInfo(bucket: string): Promise<BucketRecord | undefined>
  /** The buckets whose stored name starts with `prefix`, by name, after the name `after`. */
  listBuckets(prefix: string, page: { after?: string | undefined; limit: number }): Promise<BucketPage>
  /** Removes a bucket with all it held. Answers the revision of the removal, `undefined` where there was no bucket. */
  deleteBucket(bucket: string): Promise<number | undefined>

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
   * Writes a value; makes the bucket with {@link EngineOptions.bucketDefaults} where there is none. Text that UTF-8
   * cannot carry, because a surrogate lacks its partner, is `invalid_request`.
   */
  put(bucket: string, key: string, value: StoredValue, options?: PutOptions): Promise<Commit>
  /**
   * Puts a tombstone. Where there is no value already (also no bucket), nothing is written and the answer is the key's
   * newest revision, 0 where it was never written; `expectedRevision` is checked either way.
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
   * Every key that changed after the revision `after`, each once with its newest state, tombstones included, by
   * revision. A value past its time is left out: its `expire` follows. Says `lost` instead where that cannot be known:
   * see {@link ChangesPage}.
   */
  changesSince(bucket: string, query: ChangesQuery): Promise<ChangesPage>
  /**
   * Calls `listener` for every commit to the bucket from now on, whoever made it, in the order of revisions, after it
   * can be read. The bucket need not exist. Answers the function that ends it. A listener must not throw, and leaves
   * the entry as it is: all listeners share it. @throws closed
   */
  follow(bucket: string, listener: (event: EngineEvent) => void): () => void

  /**
   * Finishes the writes under way and lets go of the store. A second call is a no-op; any other call after it fails with
   * `closed`, and `status` says so.
   */
  close(): Promise<void>
}

export interface EngineFacts {
  readonly name: 'memory' | 'sqlite' | 'jetstream'
  /** The identity of this life of the store; a restored or replaced store has another one. Letters and digits. */
  readonly epoch: string
  /** What an acknowledged write survives: nothing; a crash of process and machine; the loss of a machine. */
  readonly durability: 'none' | 'fsync' | 'replicated'
  /** Whether a single key can have a time-to-live; where not, a put with `ttlSeconds` is `unsupported`. */
  readonly keyTtl: boolean
}

export type EngineStatus =
  | { readonly ready: true /** The newest revision. */; readonly revision: number }
  | { readonly ready: false; readonly reason: string }

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
}

/** One transaction: how many writes it made true, and how long it took in milliseconds. */
export interface CommitStats {
  writes: number
  durationMs: number
}

/** A value with its encoding; kept and given back to the letter. */
export type StoredValue =
  | { readonly encoding: 'json' | 'text'; readonly text: string }
  | { readonly encoding: 'base64'; readonly bytes: Uint8Array }

export interface BucketConfig {
  description?: string | undefined
  /** Seconds; absent or 0: values do not expire. */
  ttlSeconds?: number | undefined
  /** Revisions kept of each key, 1 … 64. */
  history: number
  /** What the bucket's values may add up to, in bytes; absent or 0: no limit. A write beyond it is `storage_full`. */
  maxBytes?: number | undefined
  /** Bytes; a larger value is `payload_too_large`. */
  maxValueSize: number
}

export interface BucketRecord extends BucketConfig {
  name: string
  /** Epoch milliseconds. */
  createdAt: number
  /**
   * The revision at which this bucket began, below that of its first write; cursors from before it belong to an earlier
   * bucket of the name.
   */
  createdRevision: number
  /** Keys that have a value, and the bytes of those values (UTF-8 for text). Values past their time do not count. */
  values: number
  bytes: number
}

export interface BucketPage {
  buckets: BucketRecord[]
  /** There when more follow: what to give as `after`. */
  next?: string | undefined
}

/** What one revision did to one key. */
export interface Entry {
  key: string
  /** Absent where the operation left none. */
  value?: StoredValue | undefined
  revision: number
  /** When the revision was made, epoch milliseconds. */
  createdAt: number
  operation: Operation
  /** When the value stops being there, epoch milliseconds; absent: never. */
  expiresAt?: number | undefined
}

export interface ReadOptions {
  /**
   * The caller has seen this revision: wait (bounded, then `unavailable`) or ask a peer until the answer is as new. An
   * engine whose reads are always the newest has nothing to do.
   */
  minRevision?: number | undefined
}

export interface WriteOptions {
  /**
   * Only if the key's newest revision is this one; a tombstone's counts. 0: only if there is no value.
   * Otherwise `revision_conflict` with `currentRevision` (a tombstone's too; 0 where the key was never written).
   */
  expectedRevision?: number | undefined
}

export interface PutOptions extends WriteOptions {
  /** Seconds, more than 0. With a bucket's own time-to-live the shorter one counts. */
  ttlSeconds?: number | undefined
}

/** A write that is true now. */
export interface Commit {
  revision: number
  /** Epoch milliseconds. */
  createdAt: number
}

/** How large a page may be. One that ends early is no shorter than one entry, however large. */
export interface PageQuery {
  /** Entries. */
  limit: number
  /** Bytes that the values may add up to, as they are stored. Absent: the engine's own bound. */
  bytes?: number | undefined
}

export interface EntriesQuery extends ReadOptions, PageQuery {
  /** Keys that any of these admits, as in `protocol/names.ts`: `user.*`, `session.>`. Absent: all keys. */
  filters?: readonly string[] | undefined
  /** Only keys after this one. */
  after?: string | undefined
  /** Whether the entries carry their values. */
  values: boolean
}

export interface EntriesPage {
  entries: Entry[]
  /** There when more may follow: what to give as `after`. A page may be empty and have one: scans are bounded. */
  next?: string | undefined
  /** The revision at which this page was read. */
  revision: number
}

export interface HistoryQuery extends ReadOptions, PageQuery {
  /** Only revisions below this one. */
  before?: number | undefined
}

export interface ChangesQuery extends PageQuery {
  /** A revision; 0: everything the bucket has. */
  after: number
}

/**
 * A page of changes, or why there is none. `expired`: tombstones from after `after` were cleaned away, or the bucket
 * began later than that or is gone; `ahead`: `after` is beyond the newest revision. `after: 0` is never lost.
 */
export type ChangesPage =
  | { readonly lost: 'expired' | 'ahead'; readonly revision: number }
  | {
      readonly lost?: undefined
      readonly changes: Entry[]
      /** Whether more follow: ask again with the last change's revision. */
      readonly more: boolean
      /** The newest revision when the page was read. */
      readonly revision: number
    }

export type EngineEvent =
  | { readonly type: 'entry'; readonly entry: Entry }
  /** The bucket and all it held are gone. */
  | { readonly type: 'bucket_deleted'; readonly revision: number; readonly createdAt: number }
