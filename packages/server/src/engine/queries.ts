import type { KnownPosition, Position } from '@ironflow/core/protocol'
import type { Entry } from './entry'

/** Freshness of a read. */
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

/** Size of a page. One that ends early is no shorter than one entry, however large. */
export interface PageQuery {
  /** Entries. */
  limit: number
  /** Bytes that the values may add up to, as they are stored. Absent: the engine's own bound. */
  bytes?: number | undefined
}

/** Keys to list. */
export interface EntriesQuery extends ReadOptions, PageQuery {
  /** Keys that any of these admits, as in `protocol/names.ts`: `user.*`, `session.>`. Absent: all keys. */
  filters?: readonly string[] | undefined
  /** Only keys after this one. */
  after?: string | undefined
  /** True: the entries carry their values. */
  values: boolean
}

/** A page of a listing. */
export interface EntriesPage {
  entries: Entry[]
  /** There when more may follow: what to give as `after`. A page may be empty and have one: scans are bounded. */
  next?: string | undefined
  /** Position of the bucket when this page was read. */
  position: Position
}

/** Revisions of a key to list. */
export interface HistoryQuery extends ReadOptions, PageQuery {
  /** Only revisions below this one. */
  before?: number | undefined
}

/** Changes to list. */
export interface ChangesQuery extends PageQuery {
  /** Place that the caller has got to, and its time in epoch milliseconds. Absent: everything the bucket has. */
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
      /** True: more may follow, so ask again with `next`, or the last change's position where it is absent. */
      readonly more: boolean
      /** Every change up to here was looked at; the page may be empty and have one: scans are bounded. */
      readonly next?: Position | undefined
      /** Position of the bucket when the page was read. */
      readonly position: Position
    }
