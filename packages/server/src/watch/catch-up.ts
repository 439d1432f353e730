import type { ResetReason } from '@ironflow/core/protocol'
import type { Entry } from '../engine/engine'
import type { Backlog, BacklogPage, Lost } from './backlog'
import type { Position } from './position'

/** How many keys that a listing showed newer than its beginning are remembered, so that they are not sent twice. */
const MAX_AHEAD = 10_000

/** Where to begin: with the current values, with what comes next, or after a place. */
export type Start = { readonly at: 'values' | 'now' } | { readonly at: 'place'; readonly revision: number }

/** Who is caught up: what reading from the store needs from a subscription, and tells it. */
export interface Reading {
  readonly backlog: Backlog
  readonly isOver: boolean
  /** The newest removal of the bucket that was heard of; 0: none. */
  readonly deletedAt: number
  /** Whether changes that were heard since {@link forget} are not kept any more. */
  readonly hasMissed: boolean
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
  reached(place: Position): void
  /** Everything up to here was sent, and what comes after is heard. There may be no bucket yet. */
  caughtUp(place: Position, isAbsent: boolean): void
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
  /** The oldest revision of what was sent. */
  private oldest = Number.POSITIVE_INFINITY
  /** Removals up to here are part of what was read. */
  private asOf: number | undefined
  /** What a listing sent of changes after it began, by key. */
  private readonly ahead = new Map<string, number>()

  constructor(private readonly reading: Reading) {}

  /** Nothing was sent. */
  get isFresh(): boolean {
    return this.oldest === Number.POSITIVE_INFINITY
  }

  async run(start: Start): Promise<ResetReason | undefined> {
    const { backlog } = this.reading
    if (start.at === 'place') return this.follow(start.revision, false)
    if (start.at === 'values') return this.list()
    const head = await backlog.head()
    this.asOf = head.revision
    return this.follow(head.revision, true)
  }

  private async list(): Promise<ResetReason | undefined> {
    const { reading } = this
    let from: number | undefined
    let after: string | undefined
    do {
      await reading.turn()
      if (reading.isOver) return undefined
      const page = await reading.backlog.values(after)
      after = page.next
      from ??= page.asOf
      this.asOf ??= page.asOf
      for (const entry of page.entries) {
        if (!reading.matches(entry)) continue
        await reading.ready()
        if (reading.isOver) return undefined
        if (this.isDeleted()) return 'bucket_deleted'
        if (entry.revision > from && this.ahead.size < MAX_AHEAD) this.ahead.set(entry.key, entry.revision)
        this.oldest = Math.min(this.oldest, entry.revision)
        reading.sendInitial(entry)
      }
    } while (after !== undefined)
    return this.follow(from, true)
  }

  private async follow(revision: number, isInitial: boolean): Promise<ResetReason | undefined> {
    const { reading } = this
    for (let from = revision; ; ) {
      await reading.turn()
      if (reading.isOver) return undefined
      reading.forget()
      const page = await this.changes(from, isInitial)
      if (typeof page === 'string') return page
      this.asOf ??= page.asOf
      for (const entry of page.entries) {
        if (!reading.matches(entry) || this.ahead.get(entry.key) === entry.revision) continue
        await reading.ready()
        if (reading.isOver) return undefined
        if (this.isDeleted()) return 'bucket_deleted'
        this.oldest = Math.min(this.oldest, entry.revision)
        if (isInitial) reading.sendInitial(entry)
        else reading.sendLate(entry)
      }
      if (reading.isOver) return undefined
      if (this.isDeleted()) return 'bucket_deleted'
      if (page.isLast && !reading.hasMissed) {
        // At once: what is heard from here on is not looked at here any more.
        reading.caughtUp(page.through, page.isAbsent === true)
        return undefined
      }
      if (!isInitial) reading.reached(page.through)
      from = page.through.revision
    }
  }

  /** The next page of changes, or why there is none. */
  private async changes(from: number, isInitial: boolean): Promise<BacklogPage | ResetReason> {
    const { backlog } = this.reading
    const page = await backlog.changes(from)
    if ('lost' in page) return this.lose(page, from, isInitial)
    if (this.isFresh) {
      const mayBeAbsent = (isInitial || from === 0) && page.isLast && page.entries.length === 0
      return mayBeAbsent ? { ...page, isAbsent: (await backlog.began()) === undefined } : page
    }
    if (from > 0) return page
    // The changes since the very beginning are never lost; but those since what was listed may be.
    const lost = await backlog.lost(this.oldest)
    return lost ? this.lose(lost, this.oldest, isInitial) : page
  }

  private async lose({ lost, head }: Lost, from: number, isInitial: boolean): Promise<BacklogPage | ResetReason> {
    if (lost === 'ahead') return 'ahead_of_store'
    const began = await this.reading.backlog.began()
    // Of a bucket that is not there, an engine knows the changes after its newest revision only. Nothing was missed.
    if (began === undefined && isInitial && this.isFresh) {
      return { entries: [], through: head, asOf: head.revision, isLast: true, isAbsent: true }
    }
    return began === undefined || began > from ? 'bucket_deleted' : 'history_expired'
  }

  private isDeleted(): boolean {
    return this.asOf !== undefined && this.reading.deletedAt > this.asOf
  }
}
