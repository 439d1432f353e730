import type { StoredValue } from '../engine/engine'
import type { Turns } from '../turns'

/** How large a page with values may be: so many items, and so many bytes as it is sent; but one item always. */
export interface PageBounds {
  readonly items: number
  readonly bytes: number
}

/** What one turn of the event loop reads. */
const CHUNK_ITEMS = 250
const CHUNK_BYTES = 1_048_576

/** About what an item takes on the wire, besides its key and its value. */
const ITEM_BYTES = 200

/** How to read the pages of a list: items, and the places between them. */
export interface PageSource<T, P> {
  /**
   * Reads at most `limit` items after the place `after`, whose values have about `bytes` bytes, and says where the next
   * begins. It may return fewer items, or none, while more follow.
   */
  read(after: P | undefined, limit: number, bytes: number): Promise<{ items: readonly T[]; next: P | undefined }>
  /** The place after an item. */
  placeOf(item: T): P
}

/** Fills a page, giving way to other work after every chunk. */
export async function fillPage<T extends { key: string; value?: StoredValue | undefined }, P>(
  { items: limit, bytes }: PageBounds,
  start: P | undefined,
  { read, placeOf }: PageSource<T, P>,
  turns: Turns,
): Promise<{ items: T[]; next: P | undefined }> {
  const items: T[] = []
  let left = bytes
  for (let after = start; ; ) {
    const chunk = await read(after, Math.min(CHUNK_ITEMS, limit - items.length), Math.min(CHUNK_BYTES, left))
    for (const item of chunk.items) {
      left -= sentBytes(item)
      const last = items.at(-1)
      if (left < 0 && last) return { items, next: placeOf(last) }
      items.push(item)
    }
    after = chunk.next
    if (after === undefined || items.length === limit || left <= 0) return { items, next: after }
    await turns.next(items)
  }
}

/** About the bytes of an item on the wire. */
function sentBytes({ key, value }: { key: string; value?: StoredValue | undefined }): number {
  return ITEM_BYTES + utf8Length(key) + (value ? sentValueBytes(value) : 0)
}

/** JSON is embedded to the letter, text is quoted, bytes are base64. */
function sentValueBytes(value: StoredValue): number {
  if (value.encoding === 'base64') return 4 * Math.ceil(value.bytes.length / 3)
  return utf8Length(value.encoding === 'json' ? value.text : JSON.stringify(value.text))
}

const encoder = new TextEncoder()

function utf8Length(text: string): number {
  return encoder.encode(text).length
}
