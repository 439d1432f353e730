import { matchesFilter } from '@ironflow/core/protocol'
import type { Engine, Entry } from '../engine/engine'
import { lengthOf } from './change'
import type { Position } from './position'

/** Entries asked for at first: with values of the largest size this many are in memory at once. */
const FIRST_PAGE = 16
const MAX_PAGE = 1_000
/** A page with fewer bytes of values makes the next one larger, one with more than eight times as many smaller. */
const SMALL_PAGE_BYTES = 128 * 1024

/** What is read from the store for one watcher. */
export interface BacklogPage {
  readonly entries: readonly Entry[]
  /** What the watcher has with this page: every change up to here, or, of current values, everything that was then. */
  readonly through: Position
  /** The newest revision when the page was read. */
  readonly asOf: number
  /** Whether nothing follows. */
  readonly isLast: boolean
  /** There is no bucket. Where it is not said, there may be one. */
  readonly isAbsent?: boolean
}

/** Why changes cannot be told: see `ChangesPage`. */
export interface Lost {
  readonly lost: 'expired' | 'ahead'
  /** Where the bucket was then. */
  readonly head: Position
}

/**
 * Reads what a watcher needs from before it is live, page by page. No page is read before it is asked for, so a slow
 * reader costs one page, and pages are sized by what values take.
 *
 * The current values are listed by key: a walk through changes from the beginning would lose its way wherever a
 * tombstone is forgotten meanwhile. What changes during the listing is told by the changes after it began.
 */
export class Backlog {
  private limit = FIRST_PAGE

  constructor(
    private readonly engine: Engine,
    private readonly bucket: string,
    private readonly now: () => number,
  ) {}

  /** The current values of the keys that fit any of `filters`, each once. */
  async *values(filters: readonly (string | undefined)[] = [undefined]): AsyncGenerator<BacklogPage> {
    for (const [index, filter] of filters.entries()) {
      const isNew = ({ key }: Entry) => !filters.slice(0, index).some((earlier) => matchesFilter(key, earlier))
      let after: string | undefined
      do {
        const time = this.now()
        const page = await this.engine.entries(this.bucket, { filter, after, limit: this.limit, values: true })
        after = page.next
        this.learn(page.entries)
        const isLast = after === undefined && index === filters.length - 1
        const { revision } = page
        yield { entries: page.entries.filter(isNew), through: { revision, time }, asOf: revision, isLast }
      } while (after !== undefined)
    }
  }

  /** What changed after `revision`, tombstones included. */
  async changes(revision: number): Promise<BacklogPage | Lost> {
    const time = this.now()
    const page = await this.engine.changesSince(this.bucket, { after: revision, limit: this.limit })
    if (page.lost) return { lost: page.lost, head: { revision: page.revision, time } }
    this.learn(page.changes)
    const last = page.changes.at(-1)
    const { changes: entries, more, revision: asOf } = page
    const through = more && last ? { revision: last.revision, time: last.createdAt } : { revision: asOf, time }
    return { entries, through, asOf, isLast: !more }
  }

  /** Where the bucket is now. */
  async head(): Promise<Position> {
    const time = this.now()
    const { revision } = await this.engine.changesSince(this.bucket, { after: 0, limit: 1 })
    return { revision, time }
  }

  /** The revision at which the bucket began that is there now, if there is one. */
  async began(): Promise<number | undefined> {
    return (await this.engine.bucketInfo(this.bucket))?.createdRevision
  }

  private learn(entries: readonly Entry[]): void {
    const bytes = entries.reduce((sum, { value }) => sum + lengthOf(value), 0)
    if (bytes < SMALL_PAGE_BYTES) this.limit = Math.min(this.limit * 4, MAX_PAGE)
    else if (bytes > 8 * SMALL_PAGE_BYTES) this.limit = Math.max(1, this.limit >> 2)
  }
}
