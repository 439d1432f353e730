/** Options of a bucket. */
export interface BucketConfig {
  description?: string | undefined
  /** Seconds; absent or 0: values do not expire. */
  ttlSeconds?: number | undefined
  /** Revisions kept of each key, 1 … 64. */
  history: number
  /** Bytes that the bucket's values may add up to; absent or 0: no limit. A write beyond it is `storage_full`. */
  maxBytes?: number | undefined
  /** Bytes; a larger value is `payload_too_large`. */
  maxValueSize: number
}

/** A bucket as an engine describes it. */
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

/** A page of a list of buckets. */
export interface BucketPage {
  buckets: BucketRecord[]
  /** There when more follow: what to give as `after`. */
  next?: string | undefined
}

/** Milliseconds for which tombstones are kept by default. */
export const DEFAULT_TOMBSTONE_RETENTION_MS = 24 * 60 * 60 * 1000

/** `config` with `changes` laid over it. What is absent or `undefined` stays; a 0 takes a limit away. */
export function mergeConfig(config: BucketConfig, changes: Partial<BucketConfig>): BucketConfig {
  return {
    description: changes.description ?? config.description,
    ttlSeconds: limit(changes.ttlSeconds ?? config.ttlSeconds),
    history: changes.history ?? config.history,
    maxBytes: limit(changes.maxBytes ?? config.maxBytes),
    maxValueSize: changes.maxValueSize ?? config.maxValueSize,
  }
}

/** A limit of 0 is none. */
function limit(value: number | undefined): number | undefined {
  return value === 0 ? undefined : value
}

/** A time so many seconds later, in whole milliseconds. */
export function secondsAfter(time: number, seconds: number): number {
  return time + Math.round(seconds * 1000)
}

/** When a value of this age is gone: the earlier of what its bucket and its own time-to-live say. */
export function expiryOf(
  bucketTtlSeconds: number | undefined,
  createdAt: number,
  keyExpiresAt: number | undefined,
): number | undefined {
  if (bucketTtlSeconds === undefined) return keyExpiresAt
  const byBucket = secondsAfter(createdAt, bucketTtlSeconds)
  return keyExpiresAt === undefined ? byBucket : Math.min(byBucket, keyExpiresAt)
}

/**
 * The epoch of a bucket in a store with one counter for all buckets: no two lives begin at the same revision of it.
 *
 * @param storeId identity of the store's own life: letters and digits, at most 40
 */
export function epochOf(storeId: string, createdRevision: number): string {
  return `${storeId}r${createdRevision}`
}
