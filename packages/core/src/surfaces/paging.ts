import type { PageInfo } from '../protocol/contract'

/** A page of a list, whatever its items are called on the wire. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly nextCursor?: string | undefined
}

/** Makes a page from an answer. Throws where it is none, or would have us ask for the same one again and again. */
export type ReadPage = <T>(answer: PageInfo, items: readonly T[]) => Page<T>

/** Fetches the page after `cursor`; `read` is to be called on the answer while the call can still fail. */
export type FetchPage<T> = (cursor: string | undefined, read: ReadPage) => Promise<Page<T>>

/** Follows `nextCursor` from page to page. A server that hands out the same cursor twice would never end, and is told so. */
export async function* pages<T>(fetchPage: FetchPage<T>): AsyncGenerator<Page<T>> {
  const seen = new Set<string>()
  const read: ReadPage = ({ nextCursor }, items) => {
    if (!Array.isArray(items)) throw new TypeError('it has no list')
    if (nextCursor !== undefined) {
      if (typeof nextCursor !== 'string') throw new TypeError('its nextCursor is no text')
      if (seen.has(nextCursor)) throw new TypeError('it has the same nextCursor as an earlier page')
      seen.add(nextCursor)
    }
    return { items, nextCursor }
  }
  let cursor: string | undefined
  do {
    const page = await fetchPage(cursor, read)
    yield page
    cursor = page.nextCursor
  } while (cursor !== undefined)
}

/** All items of all pages, or the first `limit` of them. */
export async function collect<T>(
  fetchPage: (page: { cursor: string | undefined; limit: number | undefined }, read: ReadPage) => Promise<Page<T>>,
  limit?: number,
): Promise<T[]> {
  const items: T[] = []
  const wanted = () => (limit === undefined ? undefined : Math.min(limit - items.length, MAX_PAGE))
  for await (const page of pages<T>((cursor, read) => fetchPage({ cursor, limit: wanted() }, read))) {
    for (const item of page.items) items.push(item)
    if (limit !== undefined && items.length >= limit) return items.slice(0, limit)
  }
  return items
}

/** The most a server answers in one page. */
const MAX_PAGE = 1000
