import type { KnownPosition, Operation, Position } from '@ironflow/core/protocol'

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
  /** Identity of this life of the bucket: letters and digits, at most 64. */
  epoch: string
  /** Epoch milliseconds. */
  createdAt: number
  /** The revision at which this life began, below that of its first write. */
  createdRevision: number
  /**
   * Keys that have a value, and the bytes of those values (UTF-8 for text). Values past their time do not count, but an
   * engine may count some of them until their expiry is committed, where tens of thousands end at once.
   */
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
  /** The life of the bucket that the revision belongs to. */
  epoch: string
  revision: number
  /** When the revision was made, epoch milliseconds. */
  createdAt: number
  operation: Operation
  /** When the value stops being there, epoch milliseconds; absent: never. */
  expiresAt?: number | undefined
  /** What {@link WriteOptions.meta} said of the write; absent: nothing. */
  meta?: Readonly<Record<string, string>> | undefined
}

export interface ReadOptions {
  /**
   * A position that the caller has seen: wait (bounded, then `unavailable`) or ask a peer until the result is as new.
   * Without an epoch it counts for whichever life the bucket has. A position of another life, or of a bucket that does
   * not exist, is not waited for. No-op for an engine whose reads are always the newest.
   */
  minPosition?: KnownPosition | undefined
  /** `strong`: the newest state there is, whatever that costs. No-op for an engine whose reads are always the newest. */
  consistency?: 'strong' | undefined
}

/** What makes a write safe to repeat. */
export interface OnceOptions {
  /**
   * Identity of the write, at most 64 characters of ASCII. Where a write of this identity was applied within the last
   * two minutes, its result is returned, whatever the repetition expects, and nothing is written. One that failed
   * leaves no trace. Holds after reopening the store and through every engine on it. While the store is open the two
   * minutes are those of {@link EngineOptions.uptime}.
   */
  once?: string | undefined
}

export interface WriteOptions extends OnceOptions {
  /**
   * Only if the key's newest revision is this one; a tombstone's counts. 0: only if there is no value.
   * Otherwise `revision_conflict` with `currentRevision` (a tombstone's too; 0 where the key was never written).
   */
  expectedRevision?: number | undefined
  /** Only if that revision belongs to this life of the bucket; otherwise `revision_conflict`. */
  expectedEpoch?: string | undefined
  /** Short text members to keep with the entry, such as its author; at most 1 KiB of JSON. */
  meta?: Readonly<Record<string, string>> | undefined
}

export interface PutOptions extends WriteOptions {
  /** Seconds, more than 0. With a bucket's own time-to-live the shorter one counts. */
  ttlSeconds?: number | undefined
  /** What the bucket gets if this write makes it. Default: {@link EngineOptions.bucketDefaults}. */
  bucketConfig?: BucketConfig | undefined
}

/** A write that is true now. */
export interface Commit extends Position {
  /** Epoch milliseconds. */
  readonly createdAt: number
  /** The write was applied before, under the same {@link OnceOptions.once}; this is its result. */
  readonly repeated?: true | undefined
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
  /** Where the bucket was when this page was read. */
  position: Position
}

export interface HistoryQuery extends ReadOptions, PageQuery {
  /** Only revisions below this one. */
  before?: number | undefined
}

export interface ChangesQuery extends PageQuery {
  /** Where the caller has got to: a position and, in epoch milliseconds, its time. Absent: everything the bucket has. */
  after?: (Position & { readonly time: number }) | undefined
}

/**
 * Position of a bucket that does not exist. Whatever is made later under its name follows it without a loss: a caller
 * that has got here knows of nothing.
 */
export const NO_BUCKET: Position = { epoch: 'none', revision: 0 }

/**
 * A page of changes, or why there is none. `epoch`: `after` belongs to another life of the bucket; `expired`: tombstones
 * from after it were cleaned away; `ahead`: it is beyond the newest revision of its life. {@link NO_BUCKET} is never lost.
 */
export type ChangesPage =
  | { readonly lost: 'epoch' | 'expired' | 'ahead'; readonly position: Position }
  | {
      readonly lost?: undefined
      readonly changes: Entry[]
      /** Whether more may follow: ask again with `next`, or the last change's position where it is absent. */
      readonly more: boolean
      /** Every change up to here was looked at; the page may be empty and have one: scans are bounded. */
      readonly next?: Position | undefined
      /** Where the bucket was when the page was read. */
      readonly position: Position
    }

export type EngineEvent =
  | { readonly type: 'entry'; readonly entry: Entry }
  /** The bucket's options are others now, and with them perhaps the expiry of its values. */
  | { readonly type: 'bucket_updated'; readonly record: BucketRecord }
  /** The bucket and all it held are gone; `epoch` is the life that ended. */
  | { readonly type: 'bucket_deleted'; readonly epoch: string; readonly revision: number; readonly createdAt: number }
