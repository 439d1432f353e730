/**
 * Events that wait for an iterator: of each key the newest, in the order in which they came. However slow the reader is,
 * it holds no more than one event per key.
 */
export class Buffer<E> {
  private readonly events = new Map<string, E>()
  private readonly readers: Array<{
    resolve(result: IteratorResult<E, undefined>): void
    reject(error: unknown): void
  }> = []
  private end: { error: unknown } | undefined

  /** Adds an event, in the place of an older one of the same key. */
  push(key: string, event: E): void {
    if (this.end) return
    const reader = this.readers.shift()
    if (reader) {
      reader.resolve({ done: false, value: event })
      return
    }
    // Removed first, so that it comes after what happened to other keys in the meantime.
    this.events.delete(key)
    this.events.set(key, event)
  }

  /** The next event, as soon as there is one; done when it is over. @throws what ended it */
  next(): Promise<IteratorResult<E, undefined>> {
    for (const [key, value] of this.events) {
      this.events.delete(key)
      return Promise.resolve({ done: false, value })
    }
    if (this.end?.error) return Promise.reject(this.end.error)
    if (this.end) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve, reject) => this.readers.push({ resolve, reject }))
  }

  /** Nothing more comes. With an error, readers get what is there and then the error; without, nothing more at all. */
  close(error?: unknown): void {
    if (this.end) return
    this.end = { error }
    if (!error) this.events.clear()
    for (const { resolve, reject } of this.readers.splice(0)) {
      if (error) reject(error)
      else resolve({ done: true, value: undefined })
    }
  }
}
