import type { Link } from '../transport/link'
import type { ReconnectPolicy } from './reconnect-policy'

/** The one timer of a connection manager: what it runs next takes the place of what it was to run before. */
export class ReconnectTimer {
  private cancelTimer: (() => void) | undefined

  constructor(
    private readonly policy: ReconnectPolicy,
    private readonly link: Link,
  ) {}

  /** Runs `then` when the back-off has passed. */
  afterBackOff(then: () => void): void {
    const { policy, link } = this
    this.wait(policy.waitMs(link.platform.now()), then)
  }

  /** Runs `then` at once, or as soon as the server that is next no longer asks to be left alone. */
  whenAllowed(then: () => void): void {
    const { policy, link } = this
    const floorMs = policy.floorMs(link.server, link.platform.now())
    // Meanwhile a call may have moved on to a server with a wish of its own.
    if (floorMs > 0) this.wait(floorMs, () => this.whenAllowed(then))
    else then()
  }

  after(ms: number, then: () => void): void {
    this.cancel()
    this.cancelTimer = this.link.platform.setTimer(then, ms)
  }

  cancel(): void {
    this.cancelTimer?.()
  }

  private wait(ms: number, then: () => void): void {
    const { server } = this.link
    this.after(ms, () => {
      this.policy.waited(server)
      then()
    })
  }
}
