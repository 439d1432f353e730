import type { IronflowError } from '../errors/ironflow-error'
import type { TransportKind } from '../transport/select'

/**
 * How it is with a watch, or with all of a client's.
 *
 * - `idle`: nothing is watched; `connecting`: there is no connection yet, or its values are still coming
 * - `live`: what was told is what the server has, since then
 * - `interrupted`: it failed and is tried again; what was told may be out of date
 * - `unauthorized`: the server does not accept the key, or not for this; tried again every five minutes and with a new key
 * - `paused`: for those reasons there is no connection at present (a page that nobody sees)
 * - `closed`: it is over; with the error that ended it, where it was one
 *
 * Times are epoch milliseconds.
 */
export type Condition =
  | { readonly state: 'idle' }
  | { readonly state: 'connecting' }
  | { readonly state: 'live'; readonly since: number }
  | { readonly state: 'interrupted'; readonly error: IronflowError; readonly retryAt: number }
  | { readonly state: 'unauthorized'; readonly error: IronflowError; readonly retryAt: number }
  | { readonly state: 'paused'; readonly reasons: readonly string[] }
  | { readonly state: 'closed'; readonly error?: IronflowError | undefined }

interface Proof {
  /** When it was last known to be in sync; absent: never so far. */
  readonly lastSyncedAt?: number | undefined
}

/** How it is with one watch. */
export type WatchStatus = Condition & Proof

/** How it is with all that a client watches. */
export type ClientStatus = Condition &
  Proof & {
    /** What carries the watches. */
    readonly transport: TransportKind
    /** Why `auto` has not taken a WebSocket. */
    readonly transportReason?: string | undefined
  }

/** Whether somebody who was told of the one need not be told of the other. */
export function isSameCondition(one: Condition, other: Condition): boolean {
  return one.state === other.state && textOf(one) === textOf(other)
}

function textOf(condition: Condition): string {
  const { error, retryAt, reasons } = condition as { error?: IronflowError; retryAt?: number; reasons?: string[] }
  return [error?.message, retryAt, reasons].join()
}
