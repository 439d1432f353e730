import type { Cursor } from '../protocol/cursor'
import type { SubscriptionKind, WatchFrames } from '../protocol/frames'
import type { WATCH_KINDS } from '../protocol/watch-kinds'

/**
 * The client's end of a kind of watch: how its frames are read, and what users get of them. Each has a file of its own;
 * what both ends must agree on is the kind's row in the protocol. Its types are read from there, and nothing at run time:
 * the rules for targets are the server's.
 */
export interface WatchKind<E, K extends SubscriptionKind = SubscriptionKind> {
  readonly kind: K
  /** Name for `onError`. */
  readonly method: (typeof WATCH_KINDS)[K]['method']
  /** What the message is about: of two about the same the newer one counts. */
  keyOf(frame: WatchFrames[K]): string
  isGone(frame: WatchFrames[K]): boolean
  read(frame: WatchFrames[K]): E
  /** The message about a key that turned out not to be there any more, as of `place`; `undefined`: none. */
  gone(key: string, target: string, place: Cursor): WatchFrames[K] | undefined
}

/** What every event of a watch says. */
export interface Change {
  readonly revision: number
  /** Identity of the life of the bucket that the revision belongs to. */
  readonly epoch: string
  /** The state it had when the watch began or had to begin again, rather than a change that was seen to happen. */
  readonly initial: boolean
}

/** What a frame says of something that is gone as of a place. */
export function goneAt({ revision, epoch, time }: Cursor) {
  return { at: new Date(time).toISOString(), position: { revision, epoch } }
}
