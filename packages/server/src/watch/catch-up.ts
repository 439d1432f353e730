import type { ResetReason } from '@ironflow/core/protocol'
import type { Entry } from '../engine/engine'
import type { Backlog, Lost } from './backlog'
import type { Position } from './position'

/** How many keys that a listing showed newer than its beginning are remembered, so that they are not sent twice. */
const MAX_AHEAD = 10_000

/** Where to begin: with the current values, with what comes next, or after a place. */
export type Start = { readonly at: 'values' | 'now' } | { readonly at: 'place'; readonly revision: number }

/** Who is caught up: what reading from the store needs from a subscription, and tells it. */
export interface Reading {
  readonly backlog: Backlog
  readonly filters: readonly string[] | undefined
  readonly isOver: boolean
  /** The newest removal of the bucket that was heard of; 0: none. */
  readonly deletedAt: number
  /** Whether changes that were heard since {@link forget} are not kept any more. */
  readonly hasMissed: boolean
  matches(entry: Entry): boolean
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
}

/**
 * Brings a watcher from `start` to where nothing is missing but what it has heard itself.
 *
 * @param reason why what it knew is of no use; absent: it is
 * @returns up to where everything is read; `undefined` where it is over
 */
export async function catchUp(
  reading: Reading,
  start: Start,
  reason: ResetReason | undefined,
): Promise<Position | undefined> {
  let next = start
  for (let reset = reason; !reading.isOver; ) {
    if (reset) reading.reset(reset)
    const attempt = new Attempt(reading)
    const outcome = await attempt.run(next)
    if (typeof outcome === 'object') return outcome
    if (reading.isOver) return undefined
    // Who was sent nothing has nothing to forget.
    reset = attempt.isFresh && next.at !== 'place' ? undefined : outcome
    if (reset || next.at === 'values') next = { at: 'values' }
  }
  return undefined
}

/** One way from a start to the newest, which ends early where the bucket is deleted under way. */
class Attempt {
  /** Nothing was sent. */
  isFresh = true
  /** Removals up to here are part of what was read. */
  private asOf: number | undefined
  /** What a listing sent of changes after it began, by key. */
  private readonly ahead = new Map<string, number>()

  constructor(private readonly reading: Reading) {}

  async run(start: Start): Promise<Position | ResetReason | undefined> {
    const { backlog } = this.reading
    if (start.at === 'place') return this.follow(start.revision, false)
    if (start.at === 'values') return this.list()
    const head = await backlog.head()
    this.asOf = head.revision
    return this.follow(head.revision, true)
  }

  private async list(): Promise<Position | ResetReason | undefined> {
    const { reading } = this
    let from: Position | undefined
    for await (const page of reading.backlog.values(reading.filters)) {
      from ??= page.through
      this.asOf ??= page.asOf
      for (const entry of page.entries) {
        const cut = await this.pause()
        if (cut !== 'no') return cut
        if (entry.revision > from.revision && this.ahead.size < MAX_AHEAD) this.ahead.set(entry.key, entry.revision)
        this.isFresh = false
        reading.sendInitial(entry)
      }
    }
    return this.follow(from?.revision ?? 0, true)
  }

  private async follow(revision: number, isInitial: boolean): Promise<Position | ResetReason | undefined> {
    const { reading } = this
    for (let from = revision; ; ) {
      reading.forget()
      const page = await reading.backlog.changes(from)
      if ('lost' in page) return this.lose(page, from, isInitial)
      this.asOf ??= page.asOf
      for (const entry of page.entries) {
        if (!reading.matches(entry) || this.ahead.get(entry.key) === entry.revision) continue
        const cut = await this.pause()
        if (cut !== 'no') return cut
        this.isFresh = false
        if (isInitial) reading.sendInitial(entry)
        else reading.sendLate(entry)
      }
      if (this.isDeleted()) return 'bucket_deleted'
      if (reading.isOver) return undefined
      if (!isInitial) reading.reached(page.through)
      if (page.isLast && !reading.hasMissed) return page.through
      from = page.through.revision
    }
  }

  /** Waits until something can be sent; and says whether it still should be. */
  private async pause(): Promise<'no' | ResetReason | undefined> {
    await this.reading.ready()
    if (this.reading.isOver) return undefined
    return this.isDeleted() ? 'bucket_deleted' : 'no'
  }

  private isDeleted(): boolean {
    return this.asOf !== undefined && this.reading.deletedAt > this.asOf
  }

  private async lose({ lost, head }: Lost, from: number, isInitial: boolean): Promise<Position | ResetReason> {
    if (lost === 'ahead') return 'ahead_of_store'
    const began = await this.reading.backlog.began()
    // Of a bucket that is not there, an engine knows the changes after its newest revision only. Nothing was missed.
    if (began === undefined && isInitial && this.isFresh) return head
    return began === undefined || began > from ? 'bucket_deleted' : 'history_expired'
  }
}
