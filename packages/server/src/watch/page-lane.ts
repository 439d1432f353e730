import type { Turns } from '../turns'
import type { Sink } from './sink'

/**
 * The order in which the subscriptions of a session read from the store: one page at a time, each sent before the next is
 * read, and none while the sink takes nothing. So a connection that does not read costs one page, however many
 * subscriptions it carries. Those that have had a page and want another one wait behind the others.
 */
export class PageLane {
  /** Admits readers, or sends them away, in the order in which they came. */
  private readonly waiting = new Map<object, (isAdmitted: boolean) => void>()
  private isBusy = false

  constructor(
    private readonly turns: Turns,
    private readonly sink: Pick<Sink, 'ready'>,
  ) {}

  /**
   * Reads and sends a page when it is the reader's turn. Returns `undefined`, and does nothing, if the reader leaves
   * before.
   */
  async run<T>(reader: object, work: () => Promise<T>): Promise<T | undefined> {
    const isAdmitted = await new Promise<boolean>((resolve) => {
      this.waiting.set(reader, resolve)
      this.proceed()
    })
    if (!isAdmitted) return undefined
    try {
      return await work()
    } finally {
      this.isBusy = false
      this.proceed()
    }
  }

  /** Has a reader wait no more. */
  leave(reader: object): void {
    this.waiting.get(reader)?.(false)
    this.waiting.delete(reader)
  }

  /** Admits the next reader, if the sink takes more. */
  proceed(): void {
    if (this.isBusy || this.waiting.size === 0 || !this.sink.ready) return
    this.isBusy = true
    // Changes that are sent meanwhile do not end the turn: a busy bucket must not keep others from catching up.
    void this.turns.next(this).then(() => this.admit())
  }

  private admit(): void {
    for (const [reader, resolve] of this.waiting) {
      this.waiting.delete(reader)
      resolve(true)
      return
    }
    this.isBusy = false
  }
}
