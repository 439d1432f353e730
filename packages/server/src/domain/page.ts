import type { StoredValue } from '../engine/engine'

/** How a page with values is filled: at most so many items, and not many more bytes than this. */
export interface PageBounds {
  readonly items: number
  readonly bytes: number
}

/** Items asked for at first: with values of the largest size this many are in memory at once. */
const FIRST_CHUNK = 16

/**
 * Fills a page in steps that grow while values are small, so that a page of large values ends by its bytes and not by
 * the memory there is.
 *
 * @param read answers at most `limit` items, and where the next begins, after the place `after`
 */
export async function fillPage<T extends { value?: StoredValue | undefined }, P>(
  bounds: PageBounds,
  start: P | undefined,
  read: (after: P | undefined, limit: number) => Promise<{ items: readonly T[]; next: P | undefined }>,
): Promise<{ items: T[]; next: P | undefined }> {
  const items: T[] = []
  let next = start
  let bytes = 0
  let chunk = FIRST_CHUNK
  do {
    const page = await read(next, Math.min(chunk, bounds.items - items.length))
    next = page.next
    for (const item of page.items) {
      items.push(item)
      bytes += sizeOf(item.value)
    }
    if (bytes < bounds.bytes / 8) chunk *= 4
  } while (next !== undefined && items.length < bounds.items && bytes < bounds.bytes)
  return { items, next }
}

function sizeOf(value: StoredValue | undefined): number {
  if (!value) return 0
  return value.encoding === 'base64' ? value.bytes.length : value.text.length
}
