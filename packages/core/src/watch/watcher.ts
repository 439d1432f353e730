import type { IronflowError } from '../errors/ironflow-error'
import type { CallOptions } from '../pipeline/call-options'
import type { KnownPosition } from '../protocol/position'
import type { WatchStatus } from './status'

/** Options of every watch. */
export interface WatchOptions {
  /** Aborting it stops the watch. */
  signal?: AbortSignal | undefined
}

/** Callbacks of every watch, besides those for what it follows. What these throw is dropped. */
export interface WatchHandlers {
  /** Something is wrong: with the watch, with its right to be one, or with a callback, which threw this. */
  onError?: ((error: IronflowError) => unknown) | undefined
  onStatus?: ((status: WatchStatus) => unknown) | undefined
  /** It is over; with the error that ended it, where it was one. */
  onClose?: ((error?: IronflowError) => unknown) | undefined
}

/** The names of {@link WatchHandlers}. */
export const WATCH_HANDLERS = 'onError onStatus onClose'

/**
 * Something that is followed until {@link stop}. Without a callback, its events wait for an iterator, of each key the
 * newest; leaving the loop stops the watch.
 *
 * @example
 * ```ts
 * for await (const event of client.kv().bucket('flags').watch()) apply(event.key, event.data)
 * ```
 */
export interface Watcher<E> extends AsyncIterable<E>, AsyncDisposable {
  /** Resolves when the current values have come. Rejects when the watch ends before. Need not be awaited. */
  readonly ready: Promise<void>
  readonly status: WatchStatus
  /**
   * Resolves when everything up to a position has been delivered: a revision, or the result of a write. Of a write to a
   * key that this does not watch, it is known at the next heartbeat, 15 seconds later at most.
   *
   * @throws TimeoutError after `timeoutMs`, by default the client's; IronflowError `closed` when the watch ends before
   * @example
   * ```ts
   * await watcher.reached(await flags.put('beta', true))
   * ```
   */
  reached(position: number | KnownPosition, options?: CallOptions): Promise<void>
  /** Ends it: no callback runs any more, also where this is called in one. A second call is a no-op. */
  stop(): void
  [Symbol.asyncIterator](): AsyncIterator<E, undefined>
}
