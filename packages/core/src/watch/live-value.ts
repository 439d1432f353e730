import type { IronflowError } from '../errors/ironflow-error'
import type { Condition } from './status'

/** Options of a live value. */
export interface LiveOptions<T> {
  /** The content until the server's is known, and where there is none. Copied as JSON. */
  fallback?: T | undefined
}

/** Options of {@link LiveValue.ready}. */
export interface ReadyOptions {
  /** Milliseconds to wait at most. Default 10,000. */
  timeoutMs?: number | undefined
}

/**
 * The outcome of {@link LiveValue.ready}.
 *
 * - `live`: the snapshot is what the server has
 * - `stale`: it was, and may be out of date; `fallback`: it is the fallback; `none`: it is `undefined`; `error` says why
 */
export type LiveReadiness =
  | { readonly state: 'live' }
  | { readonly state: 'stale' | 'fallback' | 'none'; readonly error: IronflowError }

/**
 * The newest state of something, in memory: reading it makes no call. Its functions need no `this`, so React's
 * `useSyncExternalStore` takes them as they are.
 *
 * All live values of one target are one watch of their client. It begins with the first subscriber or read, and ends
 * three to six seconds after the last one; the snapshot stays, and the next use begins it again.
 *
 * @typeParam S the snapshot
 * @example
 * ```ts
 * const limits = client.config().live('limits', { fallback: { seats: 1 } })
 * await limits.ready()
 * if (used >= limits.getSnapshot().data.seats) refuse()
 * ```
 */
export interface LiveValue<S> extends AsyncDisposable {
  /** Returns the newest state, deeply frozen: the same object until it changes. */
  readonly getSnapshot: () => S
  /**
   * Calls `listener` after each change of the snapshot or of the status, until the returned function is called. Without
   * a listener, it keeps the snapshot up to date. What a listener throws is reported to `onError`.
   */
  readonly subscribe: (listener?: () => unknown) => () => void
  /**
   * Resolves as soon as it is known whether the snapshot is live, at the latest when the time is up. Never rejects,
   * unless an option cannot be used. A server that cannot be reached is waited for; a key that is refused is not.
   */
  readonly ready: (options?: ReadyOptions) => Promise<LiveReadiness>
  /** The status of its watch: the same object until it changes. `idle`: it is not in use. */
  readonly status: Condition
  /** When the snapshot was last known to be what the server has, epoch milliseconds; `undefined`: not yet. */
  readonly lastSyncedAt: number | undefined
  /** Milliseconds since then: at most a heartbeat or so while all is well. `Infinity`: not yet. */
  readonly age: number
  /** Ends the watch at once, unless somewhere else has subscribed. The next use begins it again. */
  stop(): void
  [Symbol.asyncDispose](): Promise<void>
}
