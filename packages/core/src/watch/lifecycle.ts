import type { Platform } from '../platform'

/** Whom the lifecycle tells. */
export interface LifecycleEvents {
  /** There is a reason to pause, or one less. */
  changed(): void
  /** There is reason to believe that it works again. */
  woke(): void
  /** So there is, and a connection that is open goes over a network that is gone. */
  networkChanged(): void
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
      if (signal.type === 'wake') this.events.woke()
      else if (signal.type === 'network') this.events.networkChanged()
      else this.setPaused(signal.reason, signal.type === 'pause')
    })
  }

  /** Listens no more, and so knows no reasons. */
  leave(): void {
    this.end?.()
    this.end = undefined
    this.pauses.clear()
  }

  private setPaused(reason: string, isPaused: boolean): void {
    if (isPaused) this.pauses.add(reason)
    else this.pauses.delete(reason)
    this.events.changed()
  }
}
