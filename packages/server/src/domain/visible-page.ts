/** Most items of one read: what may take the event loop at a time. */
const MAX_READ = 1_024

/** Bytes that the items of a page may have in all; but one item always. */
export interface ByteBound<T> {
  readonly bytes: number
  bytesOf(item: T): number
}

const UNBOUNDED: ByteBound<unknown> = { bytes: Number.POSITIVE_INFINITY, bytesOf: () => 0 }

/**
 * Fills a page with items that the caller may see, and passes over those between them. The place to go on from is the
 * name of the page's last item, and is there only if a visible one follows: it gives away nothing about hidden ones.
 * Between two reads the event loop gets a turn, since any number of items may be hidden.
 *
 * @param read returns the visible ones of at most `limit` items after the name `after`, and the name of the last item
 * it looked at, if more follow
 */
export async function visiblePage<T>(
  limit: number,
  after: string | undefined,
  read: (after: string | undefined, limit: number) => Promise<{ items: readonly T[]; next: string | undefined }>,
  nameOf: (item: T) => string,
  { bytes, bytesOf }: ByteBound<T> = UNBOUNDED,
): Promise<{ items: T[]; next: string | undefined }> {
  const items: T[] = []
  let left = bytes
  let place = after
  // One more than the page shows: whether anything follows is part of the answer.
  let size = limit + 1
  for (;;) {
    size = Math.min(size, MAX_READ)
    const found = await read(place, size)
    for (const item of found.items) {
      left -= bytesOf(item)
      const last = items.at(-1)
      if (last !== undefined && (items.length === limit || left < 0)) return { items, next: nameOf(last) }
      items.push(item)
    }
    place = found.next
    if (place === undefined) return { items, next: undefined }
    size *= 4
    await new Promise((resolve) => setTimeout(resolve, 0))
  }
}
