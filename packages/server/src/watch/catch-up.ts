import type { Cursor, ResetReason } from '@ironflow/core/protocol'
import type { Entry } from '../engine/entry'
import { NO_BUCKET } from '../engine/queries'
import type { Backlog, Loss } from './backlog'

/** How many keys that a listing showed newer than its beginning are remembered, so that they are not sent twice. */
const MAX_AHEAD = 10_000

/** Where to begin: with the current values, with what comes next, or after a place. */
export type Start = { readonly at: 'values' | 'now' } | { readonly at: 'place'; readonly place: Cursor }

/** Who is caught up: what reading from the store needs from a subscription, and tells it. */
export interface Reading {
  readonly backlog: Backlog
  readonly isOver: boolean
  /** Whether the end of that life of the bucket was heard of since the reading began. */
  hasEnded(epoch: string): boolean
  /** Whether what was heard since {@link forget} is all that follows a place that has been read. */
  hasHeardAllAfter(place: Cursor): boolean
  matches(entry: Entry): boolean
  /** Reads and sends a page when it is its turn to; `undefined`: it is over before. */
  inTurn<T>(work: () => Promise<T>): Promise<T | undefined>
  /** What was heard so far is in what is read from now on. */
  forget(): void
  reset(reason: ResetReason): void
  /** A value that belongs to the beginning: it has no cursor until all of them are sent. */
  sendInitial(entry: Entry): void
  sendLate(entry: Entry): void
  /** Everything up to here was sent. */
  reached(place: Cursor): void
  /** Everything up to here was sent, and what comes after is heard. */
  caughtUp(place: Cursor): void
}

/** Brings a watcher from `start` to the newest. @param reason why what it knew is of no use; absent: it is */
export async function catchUp(reading: Reading, start: Start, reason: ResetReason | undefined): Promise<void> {
  let next = start
  for (let reset = reason; !reading.isOver; ) {
    if (reset) reading.reset(reset)
    const attempt = new Attempt(reading)
    const lost = await attempt.run(next)
    if (lost === undefined) return
    // Who was sent nothing has nothing to forget.
    reset = attempt.isFresh && next.at !== 'place' ? undefined : lost
    if (reset) next = { at: 'values' }
  }
}

/** There is nothing more to do, or a reason to begin again. */
interface End {
  readonly isOver: true
  readonly reason: ResetReason | undefined
}

/** What has become of a page of values: sent, and the next one begins after the key `next`. */
type ListedPage = End | { readonly isOver: false; readonly from: Cursor; readonly next: string | undefined }

/** What has become of a page of changes: sent, and the next one begins after a place. */
type FollowedPage = End | { readonly isOver: false; readonly from: Cursor }

const OVER: End = { isOver: true, reason: undefined }

/** One way from a start to the newest. It fails, and says why, where what it has sent turns out to be of no use. */
class Attempt {
  /** Nothing was sent. */
  isFresh = true
  /** The life of the bucket that is read; absent: not known yet. */
  private epoch: string | undefined
  /** What a listing sent of changes after it began, by key. */
  private readonly ahead = new Map<string, number>()

  constructor(private readonly reading: Reading) {}

  async run(start: Start): Promise<ResetReason | undefined> {
    if (start.at === 'place') return this.follow(start.place, false)
    if (start.at === 'values') return this.list()
    return this.follow(await this.reading.backlog.head(), true)
  }

  private async list(): Promise<ResetReason | undefined> {
    let from: Cursor | undefined
    let after: string | undefined
    do {
      const sent = await this.reading.inTurn(() => this.listPage(after, from))
      if (!sent || sent.isOver) return sent?.reason
      from = sent.from
      after = sent.next
    } while (after !== undefined)
    return this.follow(from, true)
  }

  /** Reads and sends a page of values. @param from where the bucket was when the first page was read */
  private async listPage(after: string | undefined, from: Cursor | undefined): Promise<ListedPage> {
    const { reading } = this
    const { entries, at, next } = await reading.backlog.values(after)
    const start = from ?? at
    this.epoch = start.epoch
    // Pages of two lives of the bucket are no listing of either.
    if (at.epoch !== start.epoch || this.hasEnded()) return { isOver: true, reason: 'bucket_deleted' }
    for (const entry of entries) {
      if (reading.isOver) return OVER
      if (!reading.matches(entry)) continue
      if (entry.revision > start.revision && this.ahead.size < MAX_AHEAD) this.ahead.set(entry.key, entry.revision)
      this.isFresh = false
      reading.sendInitial(entry)
    }
    return reading.isOver ? OVER : { isOver: false, from: start, next }
  }

  private async follow(start: Cursor, isInitial: boolean): Promise<ResetReason | undefined> {
    for (let from = start; ; ) {
      const sent = await this.reading.inTurn(() => this.followPage(from, isInitial))
      if (!sent || sent.isOver) return sent?.reason
      from = sent.from
    }
  }

  /** Reads and sends a page of changes. It is over with the one after which nothing follows. */
  private async followPage(from: Cursor, isInitial: boolean): Promise<FollowedPage> {
    const { reading } = this
    reading.forget()
    const page = await reading.backlog.changes(from)
    if ('lost' in page) return { isOver: true, reason: reasonOf(page.lost, page.at.epoch) }
    this.epoch = page.at.epoch
    if (this.hasEnded()) return { isOver: true, reason: 'bucket_deleted' }
    for (const entry of page.entries) {
      if (reading.isOver) return OVER
      if (!reading.matches(entry) || this.ahead.get(entry.key) === entry.revision) continue
      this.isFresh = false
      if (isInitial) reading.sendInitial(entry)
      else reading.sendLate(entry)
    }
    if (reading.isOver) return OVER
    if (page.isLast && reading.hasHeardAllAfter(page.through)) {
      // At once: what is heard from here on is not looked at here any more.
      reading.caughtUp(page.through)
      return OVER
    }
    if (!isInitial) reading.reached(page.through)
    return { isOver: false, from: page.through }
  }

  private hasEnded(): boolean {
    return this.epoch !== undefined && this.reading.hasEnded(this.epoch)
  }
}

/** @param epoch the life that the bucket has now */
function reasonOf(lost: Loss, epoch: string): ResetReason {
  if (lost === 'ahead') return 'ahead_of_store'
  if (lost === 'expired') return 'history_expired'
  return epoch === NO_BUCKET.epoch ? 'bucket_deleted' : 'epoch_changed'
}
