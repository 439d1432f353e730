import pLimit from 'p-limit'
import type { StoredValue } from '../engine/entry'
import { Turns } from '../turns'

/** How large a page with values may be: so many items, and so many bytes as it is sent; but one item always. */
export interface PageBounds {
  readonly items: number
  readonly bytes: number
}

/** What one turn of the event loop reads. */
const CHUNK_ITEMS = 250
const CHUNK_BYTES = 1_048_576

/** Pages that are being filled at once: with the 4 MiB that a page has by default, 32 MiB of values. */
const PAGES_AT_ONCE = 8

/** About what an item takes on the wire, besides its key and its value. */
const ITEM_BYTES = 200

interface Item {
  readonly key: string
  readonly value?: StoredValue | undefined
}

/** Items, and the place after which the next page begins; `undefined`: there is none. */
export interface Page<T, P> {
  readonly items: readonly T[]
  readonly next: P | undefined
}

/** How to read the pages of a list: items, and the places between them. */
export interface PageSource<T, P> {
  /**
   * Reads at most `limit` items after the place `after`, whose values have about `bytes` bytes, and says where the next
   * begins. It may return fewer items, or none, while more follow.
   */
  read(after: P | undefined, limit: number, bytes: number): Promise<Page<T, P>>
  /** The place after an item. */
  placeOf(item: T): P
}

/**
 * Fills pages whose items have values: a few at once, because values that wait for the rest of their page are in memory.
 * The others wait in the order in which they came, and have read nothing yet.
 */
export class PageReader {
  private readonly turns = new Turns()
  private readonly limit = pLimit(PAGES_AT_ONCE)

  /** Fills a page, giving way to other work after every chunk. */
  fill<T extends Item, P>(bounds: PageBounds, start: P | undefined, source: PageSource<T, P>): Promise<Page<T, P>> {
    return this.limit(() => this.read(bounds, start, source))
  }

  private async read<T extends Item, P>(
    { items: limit, bytes }: PageBounds,
    start: P | undefined,
    { read, placeOf }: PageSource<T, P>,
  ): Promise<Page<T, P>> {
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
      await this.turns.next(items)
    }
  }
}

/** About the bytes of an item on the wire. */
function sentBytes({ key, value }: Item): number {
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
