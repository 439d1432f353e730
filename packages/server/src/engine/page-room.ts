/** Bytes of values in one page of a listing where the caller gives no bound: what an engine holds in memory at once. */
const PAGE_BYTES = 8 * 1024 * 1024

/** What still fits in a page: so many entries, and so many bytes of values; but one entry always. */
export class PageRoom {
  private isEmpty = true

  constructor(
    private entries: number,
    private bytes: number = PAGE_BYTES,
  ) {}

  /** Whether it has all its entries. */
  get isFull(): boolean {
    return this.entries === 0
  }

  /** Takes the room of an entry whose value has so many bytes; `false`, and nothing taken, where it does not fit. */
  take(bytes: number): boolean {
    if (this.entries === 0 || (bytes > this.bytes && !this.isEmpty)) return false
    this.entries--
    this.bytes -= bytes
    this.isEmpty = false
    return true
  }
}
