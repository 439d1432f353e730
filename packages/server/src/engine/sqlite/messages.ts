import type { ErrorCode } from '@ironflow/core/errors'
import type { BucketConfig, BucketRecord } from '../bucket-config'

/** One moment, by the wall clock and by the monotonic clock of the engine, in milliseconds. */
export interface Moment {
  readonly now: number
  readonly uptime: number
}

/** A put on its way to the worker. The bytes are the engine's own copy. */
export interface PutWrite extends EntryWrite {
  do: 'put'
  /** An index of {@link import('./schema').ENCODINGS}. */
  encoding: number
  value: string | Uint8Array
  bytes: number
  keyExpiresAt: number | undefined
  bucketConfig: BucketConfig | undefined
}

export interface RemoveWrite extends EntryWrite {
  do: 'delete' | 'purge'
}

/** What writes of entries have in common. */
interface EntryWrite extends OnceWrite {
  bucket: string
  key: string
  expectedRevision: number | undefined
  expectedEpoch: string | undefined
  /** JSON text. */
  meta: string | undefined
}

/** What writes have in common that are recognised when they are repeated. */
interface OnceWrite {
  once: string | undefined
  now: number
}

/** Everything that changes the store. `now` is the engine's clock when the call was made. */
export type Write =
  | PutWrite
  | RemoveWrite
  | (OnceWrite & { do: 'createBucket'; bucket: string; config: BucketConfig })
  /** Answered `settled` as long as it is not begun, and to be sent again then. */
  | (OnceWrite & { do: 'updateBucket'; bucket: string; changes: Partial<BucketConfig> })
  /** Goes on with what an `updateBucket` began. */
  | { do: 'bringInLine'; bucket: string; now: number }
  | (OnceWrite & { do: 'deleteBucket'; bucket: string })
  /** A step of what is to be done on many keys, such as committing expiries that are due. */
  | { do: 'settle'; now: number }
  /** Finds out whether a store that was in trouble can be written to again. */
  | { do: 'probe' }

/** What became of one write. */
export type Outcome =
  | (Placed & { kind: 'written'; expiresAt: number | undefined })
  | (Placed & { kind: 'unchanged' })
  /** `more`: not all keys are in line with the bucket's options yet. */
  | { kind: 'bucket'; record: BucketRecord; more: boolean; repeated?: true }
  | (Placed & { kind: 'removed' })
  /** `more`: there was more than one round takes. */
  | { kind: 'settled'; more: boolean }
  | Failure

/** Where a write is, or what it found. `life`: the revision at which the bucket began; undefined where there is none. */
interface Placed {
  life: number | undefined
  revision: number
  createdAt: number
  /** The result of a write that was applied before. */
  repeated?: true
}

export interface Failure {
  kind: 'failed'
  code: ErrorCode
  message: string
  currentRevision?: number | undefined
  details?: Record<string, unknown> | undefined
}

/** A value whose time was up, committed as a tombstone before the write of that place in the batch. */
export interface Expired {
  before: number
  bucket: string
  life: number
  key: string
  revision: number
  createdAt: number
}

/** Main thread → worker. `uptime`: the engine's monotonic clock when the writes were sent. */
export type ToWorker = { writes: Write[]; uptime: number } | 'close'

/** What the worker is started with. */
export interface WorkerStart {
  path: string
  storeId: string
  epoch: string
  bucketDefaults: BucketConfig
  tombstoneRetentionMs: number
  /** When the store is opened, by both clocks of the engine. */
  openedAt: Moment
  /** For tests: the database may not grow beyond this many pages, as on a disk that is full. */
  maxPages?: number | undefined
}

/** Worker → main thread: whether it could open the database, then one report for each batch, in order; and warnings. */
export type FromWorker =
  | { kind: 'opened'; revision: number }
  | { kind: 'refused'; code: ErrorCode; message: string }
  | { kind: 'warning'; message: string }
  | BatchReport

export interface BatchReport {
  kind: 'batch'
  /** One for each write, in the order they were sent. */
  outcomes: Outcome[]
  expired: Expired[]
  /** How many revisions the batch made, and how long it took. */
  writes: number
  durationMs: number
  /** The newest revision. */
  revision: number
  /** Why writes fail for now, if they do. */
  trouble: string | undefined
  /** Whether there is work on many keys to go on with, by `settle`. */
  hasUpkeep: boolean
}
