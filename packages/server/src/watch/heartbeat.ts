import type { Session } from './session'

/** How often sessions are looked after, in milliseconds; a revoked key is found out within about as long. */
const TICK_MS = 1_000

/** One timer for all sessions: each gets its heartbeat at its own time, so that not all are sent at once. */
export class Heartbeat {
  private readonly ticksLeft = new Map<Session, number>()
  private readonly tickMs: number
  private readonly ticksPerBeat: number
  private timer: ReturnType<typeof setInterval> | undefined

  /** @param onTick what else is to be done at every tick */
  constructor(
    heartbeatMs: number,
    private readonly onTick: () => void,
  ) {
    this.tickMs = Math.min(TICK_MS, heartbeatMs)
    this.ticksPerBeat = Math.round(heartbeatMs / this.tickMs)
  }

  add(session: Session): void {
    this.ticksLeft.set(session, this.ticksPerBeat)
    if (this.timer !== undefined) return
    this.timer = setInterval(() => this.tick(), this.tickMs)
    // Where a timer keeps its process alive (Node), this one must not.
    ;(this.timer as { unref?: () => void }).unref?.()
  }

  remove(session: Session): void {
    this.ticksLeft.delete(session)
    if (this.ticksLeft.size > 0) return
    clearInterval(this.timer)
    this.timer = undefined
  }

  /** What the timer does. */
  tick(): void {
    for (const [session, left] of this.ticksLeft) {
      if (left <= 1) session.beat()
      this.ticksLeft.set(session, left <= 1 ? this.ticksPerBeat : left - 1)
    }
    this.onTick()
  }
}
