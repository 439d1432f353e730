import { TimeoutError } from '../errors/kinds'
import type { Platform } from '../platform'
import type { ConnectionEnd } from './transport'

/** A server's heartbeats until it says otherwise, in milliseconds. */
const HEARTBEAT_MS = 15_000

/** So many heartbeats may fail to come before silence is a fault. */
const MISSED_HEARTBEATS = 3

/** Notices when a connection has gone silent, which no event of a socket ever tells. */
export class HeartbeatMonitor {
  /** When the last message came, epoch milliseconds. */
  lastAt: number
  private limitMs = 0
  private cancel: (() => void) | undefined

  constructor(
    private readonly platform: Pick<Platform, 'now' | 'setTimer'>,
    private readonly onSilence: (end: ConnectionEnd) => void,
  ) {
    this.lastAt = platform.now()
  }

  /** Begins to expect heartbeats, or goes on with another interval. */
  start(heartbeatMs = HEARTBEAT_MS): void {
    this.stop()
    this.limitMs = MISSED_HEARTBEATS * heartbeatMs
    this.touch()
    this.wait(this.limitMs)
  }

  /** Notes that a message came. Only the time: a timer per message would cost more than the message. */
  touch(): void {
    this.lastAt = this.platform.now()
  }

  /** Checks at once: timers stand still while a machine sleeps, the clock does not. */
  check(): void {
    if (!this.cancel) return
    const now = this.platform.now()
    // A clock that was put back must not make this wait for as much longer.
    this.lastAt = Math.min(this.lastAt, now)
    const restMs = this.lastAt + this.limitMs - now
    this.cancel()
    this.cancel = undefined
    if (restMs > 0) this.wait(restMs)
    else this.onSilence(silence('the connection went silent'))
  }

  stop(): void {
    this.cancel?.()
    this.cancel = undefined
  }

  private wait(ms: number): void {
    this.cancel = this.platform.setTimer(() => this.check(), ms)
  }
}

/** The end of a connection on which nothing came in time. */
export function silence(message: string): ConnectionEnd {
  return { error: new TimeoutError(message, 'timeout', { status: undefined }), isSilent: true }
}
