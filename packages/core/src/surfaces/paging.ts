import type { CallOptions } from '../pipeline/call-options'
import type { Pipeline } from '../pipeline/pipeline'
import type { PageInfo, PageParams, Params, Result } from '../protocol/contract'
import type { MethodName } from '../protocol/methods'

/** The most items of one page. */
const MAX_PAGE = 1000

/**
 * The items of a list, page by page as they are asked for. A server that hands out the same cursor twice would never come
 * to an end: that is an error.
 *
 * @param itemsOf the items of a result, whatever they are called on the wire
 * @param limit the most items that are wanted; absent: all
 */
export async function* pages<M extends MethodName, T>(
  pipeline: Pipeline,
  method: M,
  params: Omit<Params<M>, keyof PageParams>,
  options: CallOptions | undefined,
  itemsOf: (result: Result<M>) => readonly T[],
  limit?: number,
): AsyncGenerator<readonly T[]> {
  const seen = new Set<unknown>()
  let wanted = limit
  let cursor: string | undefined
  do {
    const page = { ...params, cursor, limit: wanted && Math.min(wanted, MAX_PAGE) } as Params<M>
    const items = await pipeline.call(method, page, options, (result) => {
      const found = itemsOf(result)
      if (!Array.isArray(found)) throw new TypeError('it has no list')
      cursor = (result as PageInfo).nextCursor
      if (cursor !== undefined) {
        if (typeof cursor !== 'string') throw new TypeError('its nextCursor is no text')
        if (seen.has(cursor)) throw new TypeError('it has the same nextCursor as an earlier page')
        seen.add(cursor)
      }
      return found.slice(0, wanted) as T[]
    })
    yield items
    if (wanted !== undefined) wanted -= items.length
  } while (cursor !== undefined && wanted !== 0)
}

/** All items of all pages. */
export async function collect<T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: Array<readonly T[]> = []
  for await (const page of pages) all.push(page)
  return all.flat() as T[]
}
