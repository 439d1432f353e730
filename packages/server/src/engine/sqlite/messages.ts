import type { ErrorCode } from '@ironflow/core/errors'
import type { BucketConfig, BucketRecord } from '../engine'

/** A put on its way to the worker. The bytes are the engine's own copy. */
export interface PutWrite {
  do: 'put'
  bucket: string
  key: string
  /** An index of {@link import('./codes').ENCODINGS}. */
  encoding: number
  value: string | Uint8Array
  bytes: number
  expected: number | undefined
  keyExpiresAt: number | undefined
  now: number
}

export interface RemoveWrite {
  do: 'delete' | 'purge'
  bucket: string
  key: string
  expected: number | undefined
  now: number
}

/** Everything that changes the store. `now` is the engine's clock when the call was made. */
export type Write =
  | PutWrite
  | RemoveWrite
  | { do: 'createBucket'; bucket: string; config: BucketConfig; now: number }
  /** Answered `settled` as long as it is not begun, and to be sent again then. */
  | { do: 'updateBucket'; bucket: string; changes: Partial<BucketConfig>; now: number }
  /** Goes on with what an `updateBucket` began. */
  | { do: 'bringInLine'; bucket: string; now: number }
  | { do: 'deleteBucket'; bucket: string; now: number }
  /** A step of what is to be done on many keys, such as committing expiries that are due. */
  | { do: 'settle'; now: number }
  /** Finds out whether a store that was in trouble can be written to again. */
  | { do: 'probe' }

/** What became of one write. */
export type Outcome =
  | { kind: 'written'; revision: number; createdAt: number; expiresAt: number | undefined }
  | { kind: 'unchanged'; revision: number; createdAt: number }
  /** `more`: not all keys are in line with the bucket's options yet. */
  | { kind: 'bucket'; record: BucketRecord; more: boolean }
  | { kind: 'removed'; revision: number | undefined }
  /** `more`: there was more than one round takes. */
  | { kind: 'settled'; more: boolean }
  | Failure

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
  key: string
  revision: number
  createdAt: number
}

/** Main thread → worker. */
export type ToWorker = Write[] | 'close'

/** What the worker is started with. */
export interface WorkerStart {
  path: string
  storeId: string
  epoch: string
  bucketDefaults: BucketConfig
  tombstoneRetentionMs: number
  /** For tests: the database may not grow beyond this many pages, as on a disk that is full. */
  maxPages?: number | undefined
}

/** Worker → main thread: whether it could open the database, then one report for each batch, in order. */
export type FromWorker =
  | { kind: 'opened'; revision: number }
  | { kind: 'refused'; code: ErrorCode; message: string }
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
