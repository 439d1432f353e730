import { ConnectionError } from '../src/errors/kinds'
import type { Platform } from '../src/platform'

interface Timer {
  at: number
  callback: () => void
}

/** A platform whose time stands still until a test moves it, and whose chance is what a test says. */
export class FakePlatform implements Platform {
  readonly clientName = 'test/0.0.0'
  /** Milliseconds since the test began are `now() - START`. */
  static readonly START = Date.UTC(2026, 0, 1)
  readonly variables: Record<string, string> = {}
  readonly timers = new Set<Timer>()
  /** How long each wait or time-out was, in the order they were set. */
  readonly delays: number[] = []
  chance = 0.5
  fetch: typeof fetch = () => Promise.reject(new TypeError('no fetch in this test'))

  private time = FakePlatform.START
  private ids = 0

  env(name: string): string | undefined {
    return this.variables[name]
  }

  now(): number {
    return this.time
  }

  random(): number {
    return this.chance
  }

  uuid(): string {
    this.ids += 1
    return `id-${this.ids}`
  }

  setTimer(callback: () => void, ms: number): () => void {
    const timer = { at: this.time + ms, callback }
    this.delays.push(ms)
    this.timers.add(timer)
    return () => this.timers.delete(timer)
  }

  networkError(thrown: unknown): ConnectionError {
    return new ConnectionError(String(thrown), 'connection_failed', { cause: thrown })
  }

  get elapsed(): number {
    return this.time - FakePlatform.START
  }

  /** Lets `ms` pass, timer by timer, each with all that follows from it. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms
    await settle()
    for (let timer = this.next(); timer && timer.at <= end; timer = this.next()) {
      this.fire(timer)
      await settle()
    }
    this.time = end
  }

  /** What `promise` brings, letting as much time pass as that takes. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let done = false
    const finish = () => {
      done = true
    }
    promise.then(finish, finish)
    for (;;) {
      await settle()
      if (done) return promise
      const timer = this.next()
      if (!timer) throw new Error('the promise waits for something that is no timer')
      this.fire(timer)
    }
  }

  private next(): Timer | undefined {
    return [...this.timers].sort((a, b) => a.at - b.at)[0]
  }

  private fire(timer: Timer): void {
    this.timers.delete(timer)
    this.time = Math.max(this.time, timer.at)
    timer.callback()
  }
}

/** Lets everything run that waits for no timer. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
