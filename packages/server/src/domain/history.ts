import type { Engine } from '../engine/engine'
import type { Entry } from '../engine/entry'
import type { ReadOptions } from '../engine/queries'
import type { Page, PageBounds, PageReader } from './page'

/** What of which key's history to read. */
export interface HistoryPage extends ReadOptions {
  readonly bucket: string
  readonly key: string
  readonly bounds: PageBounds
  /** Only revisions below this one. */
  readonly before: number | undefined
}

/** A page of the revisions of a key that are kept, newest first, and below which revision the next one begins. */
export function readHistory(
  engine: Engine,
  { bucket, key, bounds, before: start, ...options }: HistoryPage,
  pages: PageReader,
): Promise<Page<Entry, number>> {
  const read = async (before: number | undefined, limit: number, bytes: number) => {
    const items = await engine.history(bucket, key, { ...options, before, limit, bytes })
    return { items, next: items.at(-1)?.revision }
  }
  return pages.fill(bounds, start, { read, placeOf: ({ revision }: Entry) => revision })
}
