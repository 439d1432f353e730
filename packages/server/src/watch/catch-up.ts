import type { Cursor, ResetReason } from '@ironflow/core/protocol'
import { type Entry, NO_BUCKET } from '../engine/engine'
import type { Backlog, BacklogPage, Loss } from './backlog'

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
  /** Resolves when it is its turn to read a page. */
  turn(): Promise<void>
  /** Resolves when something can be sent. */
  ready(): Promise<void>
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
    const { reading } = this
    let from: Cursor | undefined
    let after: string | undefined
    do {
      await reading.turn()
      if (reading.isOver) return undefined
      const page = await reading.backlog.values(after)
      after = page.next
      from ??= page.at
      this.epoch = from.epoch
      // Pages of two lives of the bucket are no listing of either.
      if (page.at.epoch !== from.epoch) return 'bucket_deleted'
      for (const entry of page.entries) {
        if (!reading.matches(entry)) continue
        const end = await this.mayGoOn()
        if (end) return end.reason
        if (entry.revision > from.revision && this.ahead.size < MAX_AHEAD) this.ahead.set(entry.key, entry.revision)
        this.isFresh = false
        reading.sendInitial(entry)
      }
    } while (after !== undefined)
    return this.follow(from, true)
  }

  private async follow(start: Cursor, isInitial: boolean): Promise<ResetReason | undefined> {
    const { reading } = this
    for (let from = start; ; ) {
      await reading.turn()
      if (reading.isOver) return undefined
      reading.forget()
      const page = await reading.backlog.changes(from)
      if ('lost' in page) return reasonOf(page.lost, page.at.epoch)
      this.epoch = page.at.epoch
      const reason = await this.send(page, isInitial)
      if (reason || reading.isOver) return reason
      if (this.hasEnded()) return 'bucket_deleted'
      if (page.isLast && reading.hasHeardAllAfter(page.through)) {
        // At once: what is heard from here on is not looked at here any more.
        reading.caughtUp(page.through)
        return undefined
      }
      if (!isInitial) reading.reached(page.through)
      from = page.through
    }
  }

  private async send({ entries }: BacklogPage, isInitial: boolean): Promise<ResetReason | undefined> {
    const { reading } = this
    for (const entry of entries) {
      if (!reading.matches(entry) || this.ahead.get(entry.key) === entry.revision) continue
      const end = await this.mayGoOn()
      if (end) return end.reason
      this.isFresh = false
      if (isInitial) reading.sendInitial(entry)
      else reading.sendLate(entry)
    }
    return undefined
  }

  /** Waits until something can be sent. Returns why nothing more is to be; `undefined`: it may go on. */
  private async mayGoOn(): Promise<{ reason: ResetReason | undefined } | undefined> {
    await this.reading.ready()
    if (this.reading.isOver) return { reason: undefined }
    return this.hasEnded() ? { reason: 'bucket_deleted' } : undefined
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
