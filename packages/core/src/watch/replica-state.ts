import { type Cursor, LOST_CURSOR, parseCursor } from '../protocol/cursor'
import type { ChangeFrame, ResetFrame, Subscription, SyncedFrame } from '../protocol/frames'
import type { KnownPosition } from '../protocol/position'
import type { WatchKind } from './kinds'

/** The state of a key that was last delivered. */
interface KeyState {
  readonly revision: number
  /** With the revision it names a state across lives: another life may use a revision again. */
  readonly at: string
  readonly isGone: boolean
}

/**
 * The copy of the server's state that the events of one watch have built: knows where to resume, drops what was delivered
 * already, and finds out what went away unseen. It keeps revisions, no values. Pure: messages in, messages to deliver out.
 *
 * A change has a cursor, and they come in order: what lies before the cursor is known. Current values come in any order
 * and without cursors: they are compared one by one.
 */
export class ReplicaState {
  private cursor: string | undefined
  private place: Cursor | undefined
  /** By key, what is there as far as the user knows. */
  private known = new Map<string, KeyState>()
  /** The same, of before the current values began to come again: what is not among them is gone. */
  private stale = new Map<string, KeyState>()
  /** Revisions in `stale` belong to another life of the bucket: a lower one may be newer. */
  private isOtherLife = false

  constructor(
    private readonly kind: Pick<WatchKind<unknown>, 'keyOf' | 'isGone' | 'gone'>,
    private readonly wanted: Omit<Subscription, 'cursor'>,
  ) {}

  /** Returns what to ask for on a connection that begins now. */
  subscription(): Subscription {
    if (this.cursor === undefined) this.startOver(true)
    return { ...this.wanted, cursor: this.cursor }
  }

  /** Returns whether everything up to a position was delivered. Without an epoch, it is one of this life. */
  hasReached({ revision, epoch }: KnownPosition): boolean {
    const { place } = this
    return place !== undefined && place.revision >= revision && (epoch ?? place.epoch) === place.epoch
  }

  /** Notes that everything that matches was sent up to `cursor`. */
  bookmark(cursor: string): void {
    this.cursor = cursor
    this.place = parseCursor(cursor)
  }

  /** Returns the message, if it is to be delivered. */
  change(frame: ChangeFrame): ChangeFrame | undefined {
    const { cursor, revision } = frame
    const key = this.kind.keyOf(frame)
    const state = { revision, at: timeOf(frame), isGone: this.kind.isGone(frame) }
    if (cursor !== undefined) {
      if (this.isBehind(cursor)) return undefined
      this.bookmark(cursor)
      this.stale.delete(key)
      // A deletion need not be remembered: whatever came before it is now before the cursor.
      if (state.isGone) this.known.delete(key)
      else this.known.set(key, state)
      return frame
    }
    const known = this.known.get(key)
    if (known && known.revision >= revision) return undefined
    const stale = this.stale.get(key)
    this.stale.delete(key)
    const isOlder = stale && !this.isOtherLife && stale.revision > revision
    this.known.set(key, isOlder ? stale : state)
    if (isOlder || (stale?.revision === revision && stale.at === state.at)) return undefined
    return frame
  }

  /** Notes that all that was there has come. Returns the deletions of what was not among it. */
  synced({ cursor }: SyncedFrame): ChangeFrame[] {
    this.bookmark(cursor)
    for (const [key, { isGone }] of this.known) if (isGone) this.known.delete(key)
    const { stale, place } = this
    this.stale = new Map()
    this.isOtherLife = false
    if (!place) return []
    const gone: ChangeFrame[] = []
    for (const [key, { isGone, revision }] of stale) {
      // The place of a bucket that does not exist has revision 0, and the key was there at a later one.
      const at = { ...place, revision: place.revision || revision + 1 }
      const frame = isGone ? undefined : this.kind.gone(key, this.wanted.target, at)
      if (frame) gone.push(frame)
    }
    return gone
  }

  /** Notes that the cursor was of no use. Until all has come again, this one asks for all of it. */
  reset({ reason }: ResetFrame): void {
    this.bookmark(LOST_CURSOR)
    this.startOver(reason !== 'history_expired')
  }

  private startOver(isOtherLife: boolean): void {
    for (const [key, state] of this.known) this.stale.set(key, state)
    this.known.clear()
    this.isOtherLife ||= isOtherLife
  }

  private isBehind(cursor: string): boolean {
    const to = parseCursor(cursor)
    return to !== undefined && to.epoch === this.place?.epoch && to.revision <= this.place.revision
  }
}

function timeOf(frame: ChangeFrame): string {
  return 'updatedAt' in frame ? frame.updatedAt : frame.createdAt
}
