import type { LifecycleSignal, Platform } from '../platform'

/** What happens to the program as a whole, listened to only while somebody wants a connection. */
export class Lifecycle {
  private readonly pauses = new Set<string>()
  private end: (() => void) | undefined

  /** @param onSignal called after each, also where it changes nothing */
  constructor(
    private readonly platform: Pick<Platform, 'lifecycle'>,
    private readonly onSignal: (type: LifecycleSignal['type']) => void,
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
      if (signal.type === 'pause') this.pauses.add(signal.reason)
      if (signal.type === 'resume') this.pauses.delete(signal.reason)
      this.onSignal(signal.type)
    })
  }

  /** Listens no more, and so knows no reasons. */
  leave(): void {
    this.end?.()
    this.end = undefined
    this.pauses.clear()
  }
}
