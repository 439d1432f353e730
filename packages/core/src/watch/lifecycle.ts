import type { Platform } from '../platform'

/** Whom the lifecycle tells. */
export interface LifecycleEvents {
  /** There is a reason to pause, or one less. */
  changed(): void
  /** There is reason to believe that it works again. */
  woke(): void
}

/** What happens to the program as a whole, listened to only while somebody wants a connection. */
export class Lifecycle {
  private readonly pauses = new Set<string>()
  private end: (() => void) | undefined

  constructor(
    private readonly platform: Pick<Platform, 'lifecycle'>,
    private readonly events: LifecycleEvents,
  ) {}

  /** Why there is to be no connection at present; empty: there may be one. */
  get reasons(): readonly string[] {
    return [...this.pauses]
  }

  /** Whether there is to be no connection at present. */
  get isPaused(): boolean {
    return this.pauses.size > 0
  }

  /** Begins to listen: what is so already is told at once. */
  follow(): void {
    this.end ??= this.platform.lifecycle((signal) => {
      if (signal.type === 'wake') {
        this.events.woke()
        return
      }
      if (signal.type === 'pause') this.pauses.add(signal.reason)
      else this.pauses.delete(signal.reason)
      this.events.changed()
    })
  }

  /** Listens no more, and so knows no reasons. */
  leave(): void {
    this.end?.()
    this.end = undefined
    this.pauses.clear()
  }
}
