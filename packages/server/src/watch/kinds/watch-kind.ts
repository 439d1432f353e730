import type { ChangeFrame, Subscription, SubscriptionKind, WatchFrames } from '@ironflow/core/protocol'
import type { Entry } from '../../engine/entry'

/**
 * The server's end of a kind of watch: says what a subscription is about in the words of the store. Each kind has a file
 * of its own; what both ends must agree on is the kind's row in the protocol.
 */
export type WatchKind<K extends SubscriptionKind> = (
  environment: string,
  subscription: Subscription,
) => Watched<WatchFrames[K]>

/** A subscription's subject in the words of the store. */
export interface Watched<F extends ChangeFrame = ChangeFrame> {
  /** The stored name of the bucket to follow. */
  readonly bucket: string
  /** Filters over its keys; absent: all keys. */
  readonly filters: readonly string[] | undefined
  /** False where there are no current values to begin with. */
  readonly hasValues: boolean
  readonly view: View<F>
  /** Returns whether a change belongs to it. */
  matches(entry: Entry): boolean
  /** Returns what scopes call the thing that an entry is about. */
  targetOf(entry: Entry): string
}

/**
 * Makes the frame that readers get of a change, but for what differs from one subscription to the next. A view is known
 * by its identity: its frame is encoded once for all its readers.
 */
export type View<F extends ChangeFrame = ChangeFrame> = (entry: Entry, bucket: string) => FrameBody<F>

/** A frame without the members that are not the same for all its readers. */
export type FrameBody<F> = F extends ChangeFrame ? Omit<F, 'sub' | 'cursor' | 'initial'> : never
