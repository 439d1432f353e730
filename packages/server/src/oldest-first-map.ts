/**
 * A map that knows its oldest entry at once. A plain `Map` is in order of insertion too, but each new look at its first
 * entry walks over all that were deleted before it; one iterator, kept, does not.
 */
export class OldestFirstMap<V> {
  private readonly entries = new Map<string, V>()
  private iterator = this.entries.entries()
  /** The oldest entry as it was when it was looked at; it may be gone or replaced since. */
  private front: [key: string, value: V] | undefined

  get size(): number {
    return this.entries.size
  }

  get(key: string): V | undefined {
    return this.entries.get(key)
  }

  /** Sets an entry, which is the youngest then, also if its key was there. */
  set(key: string, value: V): void {
    this.entries.delete(key)
    this.entries.set(key, value)
  }

  delete(key: string): void {
    this.entries.delete(key)
  }

  oldest(): readonly [key: string, value: V] | undefined {
    while (this.entries.size > 0) {
      if (this.front && this.entries.get(this.front[0]) === this.front[1]) return this.front
      const next = this.iterator.next()
      this.front = next.done ? undefined : next.value
      // An iterator that has come to the end stays there, whatever is added.
      if (next.done) this.iterator = this.entries.entries()
    }
    this.front = undefined
    return undefined
  }

  clear(): void {
    this.entries.clear()
    this.front = undefined
  }
}
