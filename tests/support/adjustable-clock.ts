import type { Platform } from '@ironflow/core/runtime'

interface Timer {
  /** By the clock itself. */
  readonly dueAt: number
  readonly callback: () => void
  handle: NodeJS.Timeout | undefined
}

/** A clock that can be made to run faster than others do: what takes long for a client, takes a test less. */
export class AdjustableClock {
  private rate = 1
  private readonly origin = { real: Date.now(), shown: Date.now() }
  private readonly timers = new Set<Timer>()

  /** What a platform is to use instead of its own. */
  readonly platform: Pick<Platform, 'now' | 'setTimer'> = {
    now: () => this.now(),
    setTimer: (callback, ms) => {
      const timer: Timer = { dueAt: this.now() + ms, callback, handle: undefined }
      this.timers.add(timer)
      this.arm(timer)
      return () => {
        clearTimeout(timer.handle)
        this.timers.delete(timer)
      }
    },
  }

  /** Goes on so many times as fast as others do. */
  runAt(rate: number): void {
    this.origin.shown = this.now()
    this.origin.real = Date.now()
    this.rate = rate
    for (const timer of this.timers) {
      clearTimeout(timer.handle)
      this.arm(timer)
    }
  }

  now(): number {
    return this.origin.shown + (Date.now() - this.origin.real) * this.rate
  }

  private arm(timer: Timer): void {
    const restMs = Math.ceil((timer.dueAt - this.now()) / this.rate)
    timer.handle = setTimeout(() => {
      this.timers.delete(timer)
      timer.callback()
    }, restMs)
  }
}
