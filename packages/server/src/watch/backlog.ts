import type { Engine, Entry } from '../engine/engine'
import type { Position } from './position'

/** What a page may hold. It is in memory while a slow reader takes it, and what a turn of the event loop has to bear. */
const PAGE = { limit: 250, bytes: 256 * 1024 } as const

/** What is read from the store for one watcher. */
export interface BacklogPage {
  readonly entries: readonly Entry[]
  /** What the watcher has with this page: every change up to here. */
  readonly through: Position
  /** The newest revision when the page was read. */
  readonly asOf: number
  /** Whether nothing follows. */
  readonly isLast: boolean
  /** There is no bucket. Where it is not said, there may be one. */
  readonly isAbsent?: boolean
}

/** A page of current values. */
export interface ValuesPage {
  readonly entries: readonly Entry[]
  /** The newest revision when the page was read. */
  readonly asOf: number
  /** After which key the next page begins; absent: nothing follows. */
  readonly next: string | undefined
}

/** Why changes cannot be told: see `ChangesPage`. */
export interface Lost {
  readonly lost: 'expired' | 'ahead'
  /** Where the bucket was then. */
  readonly head: Position
}

/**
 * Reads what a watcher needs from before it is live, page by page. No page is read before it is asked for, so a slow
 * reader costs one page.
 *
 * The current values are listed by key: a walk through changes from the beginning would lose its way wherever a
 * tombstone is forgotten meanwhile. What changes during the listing is told by the changes after it began.
 */
export class Backlog {
  /** @param filters which keys' values; absent: all */
  constructor(
    private readonly engine: Engine,
    private readonly bucket: string,
    private readonly filters: readonly string[] | undefined,
    private readonly now: () => number,
  ) {}

  /** The current values of the keys after `after`, each once however many filters admit it. */
  async values(after: string | undefined): Promise<ValuesPage> {
    const query = { ...PAGE, filters: this.filters, after, values: true }
    const { entries, revision, next } = await this.engine.entries(this.bucket, query)
    return { entries, asOf: revision, next }
  }

  /** What changed after `revision`, tombstones included, whatever the filters. */
  async changes(revision: number): Promise<BacklogPage | Lost> {
    const time = this.now()
    const page = await this.engine.changesSince(this.bucket, { ...PAGE, after: revision })
    if (page.lost) return { lost: page.lost, head: { revision: page.revision, time } }
    const last = page.changes.at(-1)
    const { changes: entries, more, revision: asOf } = page
    const through = more && last ? { revision: last.revision, time: last.createdAt } : { revision: asOf, time }
    return { entries, through, asOf, isLast: !more }
  }

  /** Why the changes after `revision` cannot be told, if they cannot. */
  async lost(revision: number): Promise<Lost | undefined> {
    const time = this.now()
    const page = await this.engine.changesSince(this.bucket, { after: revision, limit: 1 })
    return page.lost && { lost: page.lost, head: { revision: page.revision, time } }
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
}
