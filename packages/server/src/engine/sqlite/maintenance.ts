import type { Committer } from './committer'
import type { Write } from './messages'
import type { Reader } from './reader'

/** How often there is a look at what is due, in milliseconds: well within the second that expiries may be late. */
const TICK_MS = 250

/** Has what is due committed, step after step, and asks a store in trouble whether that is over. */
export class Maintenance {
  readonly #reader: Reader
  readonly #committer: Committer
  readonly #now: () => number
  readonly #tombstoneRetentionMs: number
  readonly #timer: NodeJS.Timeout
  #isBusy = false
  #isStopped = false

  constructor(reader: Reader, committer: Committer, now: () => number, tombstoneRetentionMs: number) {
    this.#reader = reader
    this.#committer = committer
    this.#now = now
    this.#tombstoneRetentionMs = tombstoneRetentionMs
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
    this.#timer.unref()
  }

  /** Begins nothing more. */
  stop(): void {
    this.#isStopped = true
    clearInterval(this.#timer)
  }

  #tick(): void {
    if (this.#isBusy || this.#isStopped) return
    const now = this.#now()
    try {
      if (this.#committer.trouble !== undefined) this.#write({ do: 'probe' })
      else if (this.#isAnythingDue(now)) this.#write({ do: 'settle', now })
    } catch {
      // The database cannot be read. Every call fails with that error, so the timer need not report it.
    }
  }

  #isAnythingDue(now: number): boolean {
    return this.#committer.hasUpkeep || this.#reader.isAnythingDue(now, now - this.#tombstoneRetentionMs)
  }

  #write(write: Write): void {
    this.#isBusy = true
    this.#committer
      .submit(write)
      .then((outcome) => outcome.kind === 'settled' && outcome.more)
      // The status tells what is wrong, and the next tick tries again.
      .catch(() => false)
      .then((more) => {
        this.#isBusy = false
        if (more) this.#tick()
      })
  }
}
