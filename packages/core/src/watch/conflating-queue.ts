type Result<E> = IteratorResult<E, undefined>

/**
 * Events that wait for an iterator: of each key the newest, in the order in which they came. However slow the reader is,
 * it holds no more than one event per key.
 */
export class ConflatingQueue<E> {
  private readonly events = new Map<string, E>()
  private readonly readers: Array<(result: Result<E> | Promise<Result<E>>) => void> = []
  private end: { error: unknown } | undefined

  /** Adds an event, in the place of an older one of the same key. */
  push(key: string, event: E): void {
    if (this.end) return
    const reader = this.readers.shift()
    if (reader) {
      reader({ done: false, value: event })
      return
    }
    // Removed first, so that it comes after what happened to other keys in the meantime.
    this.events.delete(key)
    this.events.set(key, event)
  }

  /** Returns the next event, as soon as there is one; done when it is over. @throws what ended it */
  next(): Promise<Result<E>> {
    for (const [key, value] of this.events) {
      this.events.delete(key)
      return Promise.resolve({ done: false, value })
    }
    return this.end ? this.over() : new Promise((resolve) => this.readers.push(resolve))
  }

  /** Ends it. With an error, readers get what is there and then the error; without, nothing more at all. */
  close(error?: unknown): void {
    if (this.end) return
    this.end = { error }
    if (!error) this.events.clear()
    for (const reader of this.readers.splice(0)) reader(this.over())
  }

  private async over(): Promise<Result<E>> {
    if (this.end?.error) throw this.end.error
    return { done: true, value: undefined }
  }
}
