import type { LifecycleSignal, Platform } from '../platform'

/** The reasons to pause, and the other signals of the program as a whole; listens only while a connection is wanted. */
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

  /** Begins to listen: what is so already is reported at once. */
  follow(): void {
    this.end ??= this.platform.lifecycle((signal) => {
      if (signal.type === 'pause') this.pauses.add(signal.reason)
      if (signal.type === 'resume') this.pauses.delete(signal.reason)
      this.onSignal(signal.type)
    })
  }

  /** Ends listening, and forgets the reasons. */
  leave(): void {
    this.end?.()
    this.end = undefined
    this.pauses.clear()
  }
}
