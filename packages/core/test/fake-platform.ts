import { ConnectionError } from '../src/errors/kinds'
import type { LifecycleSignal, Platform, Socket, SocketEnd, SocketEvents } from '../src/platform'

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
  readonly sockets: FakeSocket[] = []
  readonly lifecycleListeners = new Set<(signal: LifecycleSignal) => void>()
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

  openSocket(
    url: string,
    protocols: readonly string[],
    headers: Readonly<Record<string, string>>,
    events: SocketEvents,
  ): FakeSocket {
    const socket = new FakeSocket(url, protocols, headers, events)
    this.sockets.push(socket)
    return socket
  }

  lifecycle(listener: (signal: LifecycleSignal) => void): () => void {
    this.lifecycleListeners.add(listener)
    return () => this.lifecycleListeners.delete(listener)
  }

  /** What happens to the program as a whole. */
  signal(signal: LifecycleSignal): void {
    for (const listener of [...this.lifecycleListeners]) listener(signal)
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

  /** The clock jumps while timers stand still: as seen by a machine that slept, or by one whose clock was put back. */
  jump(ms: number): void {
    this.time += ms
    for (const timer of this.timers) timer.at += ms
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

/** A socket whose other end is the test. */
export class FakeSocket implements Socket {
  readonly sent: string[] = []
  isClosed = false

  constructor(
    readonly url: string,
    readonly protocols: readonly string[],
    readonly headers: Readonly<Record<string, string>>,
    private readonly events: SocketEvents,
  ) {}

  send(text: string): void {
    this.sent.push(text)
  }

  close(): void {
    this.isClosed = true
  }

  /** What the peer does. As every real socket, this one tells nothing after it was closed. */
  open(): void {
    if (!this.isClosed) this.events.opened()
  }

  receive(message: unknown): void {
    if (!this.isClosed) this.events.message(typeof message === 'string' ? message : JSON.stringify(message))
  }

  end(end: SocketEnd): void {
    if (this.isClosed) return
    this.isClosed = true
    this.events.closed(end)
  }
}

/** Lets everything run that waits for no timer. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
