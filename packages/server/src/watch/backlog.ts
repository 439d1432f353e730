import type { Cursor, Position } from '@ironflow/core/protocol'
import type { Engine } from '../engine/engine'
import type { Entry } from '../engine/entry'
import type { ChangesPage } from '../engine/queries'

/** What a page may hold. It is in memory while a slow reader takes it, and what a turn of the event loop has to bear. */
const PAGE = { limit: 250, bytes: 256 * 1024 } as const

/** What is read from the store for one watcher. */
export interface BacklogPage {
  readonly entries: readonly Entry[]
  /** What the watcher has with this page: every change up to here. */
  readonly through: Cursor
  /** Where the bucket was when the page was read. */
  readonly at: Position
  /** Whether nothing follows. */
  readonly isLast: boolean
}

/** A page of current values. */
export interface ValuesPage {
  readonly entries: readonly Entry[]
  /** Where the bucket was when the page was read. */
  readonly at: Cursor
  /** After which key the next page begins; absent: nothing follows. */
  readonly next: string | undefined
}

/** Why changes cannot be told. */
export type Loss = NonNullable<ChangesPage['lost']>

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
    const time = this.now()
    const query = { ...PAGE, filters: this.filters, after, values: true }
    const { entries, position, next } = await this.engine.entries(this.bucket, query)
    return { entries, at: { ...position, time }, next }
  }

  /** What changed after a place, tombstones included, whatever the filters; or why that cannot be told. */
  async changes(after: Cursor): Promise<BacklogPage | { readonly lost: Loss; readonly at: Position }> {
    const time = this.now()
    const page = await this.engine.changesSince(this.bucket, { ...PAGE, after })
    const { position: at } = page
    if (page.lost) return { lost: page.lost, at }
    const { changes: entries, more, next } = page
    const last = entries.at(-1)
    if (!more) return { entries, through: { ...at, time }, at, isLast: true }
    const through = last ? placeOf(last) : after
    return { entries, through: next ? { ...next, time: through.time } : through, at, isLast: false }
  }

  /** Where the bucket is now. */
  async head(): Promise<Cursor> {
    const time = this.now()
    const { position } = await this.engine.changesSince(this.bucket, { limit: 1 })
    return { ...position, time }
  }
}

function placeOf({ epoch, revision, createdAt }: Entry): Cursor {
  return { epoch, revision, time: createdAt }
}
