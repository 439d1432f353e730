import { IronflowError } from '../errors/ironflow-error'
import type { PageInfo } from '../protocol/contract'

/** Follows `nextCursor` from page to page. A server that hands out the same cursor twice would never end, and is told so. */
export async function* pages<P extends PageInfo>(
  fetchPage: (cursor: string | undefined) => Promise<P>,
): AsyncGenerator<P> {
  let cursor: string | undefined
  do {
    const page = await fetchPage(cursor)
    if (page.nextCursor !== undefined && page.nextCursor === cursor) {
      throw new IronflowError('the server answered the same nextCursor twice', 'invalid_response')
    }
    cursor = page.nextCursor
    yield page
  } while (cursor !== undefined)
}

/** All items of all pages, or the first `limit` of them. */
export async function collect<P extends PageInfo, T>(
  fetchPage: (page: { cursor: string | undefined; limit: number | undefined }) => Promise<P>,
  itemsOf: (page: P) => T[],
  limit?: number,
): Promise<T[]> {
  const items: T[] = []
  const wanted = () => (limit === undefined ? undefined : Math.min(limit - items.length, MAX_PAGE))
  for await (const page of pages((cursor) => fetchPage({ cursor, limit: wanted() }))) {
    items.push(...itemsOf(page))
    if (limit !== undefined && items.length >= limit) break
  }
  return items
}

/** The most a server answers in one page. */
const MAX_PAGE = 1000
