import type { EngineEvent } from './engine'

type Listener = (event: EngineEvent) => void

/** Who follows which bucket, and the events on their way to them. */
export class Followers {
  readonly #listeners = new Map<string, Set<{ listener: Listener }>>()
  readonly #waiting: { bucket: string; event: EngineEvent }[] = []
  #delivering = false

  /** Answers the function that ends it. */
  add(bucket: string, listener: Listener): () => void {
    // An object of its own, so that one function can follow twice.
    const follower = { listener }
    const others = this.#listeners.get(bucket)
    const all = others ?? new Set()
    if (!others) this.#listeners.set(bucket, all)
    all.add(follower)
    return () => {
      all.delete(follower)
      if (all.size === 0 && this.#listeners.get(bucket) === all) this.#listeners.delete(bucket)
    }
  }

  has(bucket: string): boolean {
    return this.#listeners.has(bucket)
  }

  /** Notes an event for {@link deliver}. Does nothing where nobody follows. */
  tell(bucket: string, event: EngineEvent): void {
    if (this.has(bucket)) this.#waiting.push({ bucket, event })
  }

  /**
   * Calls the listeners. An event that is told while they run (a listener wrote something) waits for its turn: all of
   * them see all events in the order of revisions.
   */
  deliver(): void {
    if (this.#delivering) return
    this.#delivering = true
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      for (const follower of [...(this.#listeners.get(next.bucket) ?? [])]) call(follower.listener, next.event)
    }
    this.#delivering = false
  }

  clear(): void {
    this.#listeners.clear()
  }
}

/** A listener that throws breaks its promise: that must be seen, and must neither fail a write nor stop the others. */
function call(listener: Listener, event: EngineEvent): void {
  try {
    listener(event)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
