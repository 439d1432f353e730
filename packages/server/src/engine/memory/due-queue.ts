/** Items by the time they are due, soonest first: a binary heap, so that a bucket of many expiring keys stays cheap. */
export class DueQueue<T> {
  readonly #heap: { at: number; item: T }[] = []

  get size(): number {
    return this.#heap.length
  }

  /** When the soonest item is due, epoch milliseconds. */
  get soonest(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  add(at: number, item: T): void {
    const heap = this.#heap
    let index = heap.length
    heap.push({ at, item })
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (this.#at(parent) <= this.#at(index)) return
      this.#swap(index, parent)
      index = parent
    }
  }

  /** Takes the soonest item out, if it is due by `now`. */
  take(now: number): T | undefined {
    const heap = this.#heap
    const first = heap[0]
    if (first === undefined || first.at > now) return undefined
    const last = heap.pop()
    if (last === undefined || last === first) return first.item
    heap[0] = last
    for (let index = 0; ; ) {
      const left = 2 * index + 1
      const child = this.#at(left + 1) < this.#at(left) ? left + 1 : left
      if (this.#at(index) <= this.#at(child)) return first.item
      this.#swap(index, child)
      index = child
    }
  }

  #at(index: number): number {
    return this.#heap[index]?.at ?? Number.POSITIVE_INFINITY
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap
    const item = heap[a]
    const other = heap[b]
    if (item === undefined || other === undefined) return
    heap[a] = other
    heap[b] = item
  }
}
