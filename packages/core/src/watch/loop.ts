import { IronflowError } from '../errors/ironflow-error'
import { ConnectionError } from '../errors/kinds'
import { normalize } from '../errors/normalize'
import type { RetryPolicy } from '../pipeline/retry'
import type { Platform } from '../platform'
import type { ClientFrame, ReplyFrame, ServerFrame } from '../protocol/frames'
import type { Credentials } from '../transport/credentials'
import type { Dialer } from '../transport/dialer'
import { HeartbeatMonitor, silence } from '../transport/heartbeat-monitor'
import { frameError } from '../transport/response-error'
import type { CallCarrier } from '../transport/socket-calls'
import type { Connection, ConnectionEnd, ConnectionSession } from '../transport/transport'
import { type Event, next, type State } from './connection-state'
import { Lifecycle } from './lifecycle'
import { Recovery } from './recovery'
import type { Carrier, Session } from './session'
import type { Condition } from './status'

/** Options of a {@link Loop}, each decided. */
export interface LoopOptions {
  readonly environment: string | undefined
  /** Milliseconds that the `apiKey` function may take. */
  readonly attemptTimeoutMs: number
  readonly retry: RetryPolicy
}

/** Who needs a connection besides the watches, and is told of it. */
export interface LoopCalls {
  readonly isWanted: boolean
  /** The connection was opened: calls may be sent. */
  opened(): void
  reply(frame: ReplyFrame): void
  /** There is no connection any more, or none came about. */
  down(error: IronflowError): void
}

/**
 * Owns the one connection of a client: opens it when there is something to carry, finds out when it is no good, and opens
 * another one. What to do next is the machine's decision (`connection-state.ts`), which transport to use the dialer's; here are the
 * effects of both.
 */
export class Loop implements Carrier, CallCarrier {
  /** The calls that it carries besides. */
  calls: LoopCalls | undefined
  private state: State = 'idle'
  private connection: Connection | undefined
  /** What the connection carries, which names its life: whoever tells another one comes too late. */
  private carried: ConnectionSession | undefined
  private cancelTimer: (() => void) | undefined
  private readonly heartbeats: HeartbeatMonitor
  private readonly lifecycle: Lifecycle
  private readonly recovery: Recovery
  private isUpdating = false
  private needsReopening = false

  constructor(
    private readonly session: Session,
    private readonly dialer: Dialer,
    private readonly credentials: Pick<Credentials, 'canRenew' | 'isAsking'>,
    private readonly options: LoopOptions,
    private readonly platform: Pick<Platform, 'now' | 'random' | 'setTimer' | 'lifecycle'>,
    /** Something about the status is another. May be called also where nothing is. */
    private readonly onChange: () => void,
  ) {
    this.recovery = new Recovery(credentials, dialer, options.retry, platform)
    this.lifecycle = new Lifecycle(platform, (type) => {
      // At once: a page that is about to be frozen gets no other chance.
      if (type === 'pause' || type === 'resume') this.startOrStop()
      else if (type === 'network') this.reached()
      else this.wake()
    })
    this.heartbeats = new HeartbeatMonitor(platform, (end) => this.fail(end))
    session.carrier = this
  }

  get lastFrameAt(): number {
    return this.heartbeats.lastAt
  }

  /** How it is with what the connection carries as long as nothing is in sync: that is for each watch to say. */
  get condition(): Condition {
    const { state, lifecycle } = this
    const { setback } = this.recovery
    if (setback && (state === 'waiting' || state === 'unauthorized')) return setback
    if (state === 'closed') return { state }
    if (lifecycle.isPaused) return { state: 'paused', reasons: lifecycle.reasons }
    return { state: this.isWanted ? 'connecting' : 'idle' }
  }

  /** Why it will not connect for a while. Where there may be another key by now, it tries that one instead. */
  refusal(): IronflowError | undefined {
    if (this.recovery.mayHaveOtherKey) this.fire('rekeyed')
    return this.state === 'unauthorized' ? this.recovery.setback?.error : undefined
  }

  /** Whether messages can be sent now. */
  get isOpen(): boolean {
    return this.state === 'open'
  }

  send(frame: ClientFrame): void {
    if (this.connection?.send(frame) === false) this.reopen()
  }

  changed(frame: ClientFrame): void {
    this.send(frame)
    this.update()
  }

  /** Does what has changed asks for, once for all that changes in one go. */
  update(): void {
    if (this.isUpdating) return
    this.isUpdating = true
    queueMicrotask(() => {
      this.isUpdating = false
      if (this.state === 'closed') return
      if (this.isWanted) this.lifecycle.follow()
      else this.lifecycle.leave()
      this.startOrStop()
      if (this.needsReopening) this.fire('reopen')
      this.tell()
    })
  }

  /** There is another key. */
  rekeyed(): void {
    this.fire('rekeyed')
    // A connection has the rights of the key that it was opened with.
    if (this.session.rekeyed() && this.isOpen) this.reopen()
  }

  /** Tries again now, or as soon as the server's wish to be left alone is over: it may work again. */
  wake(): void {
    if (this.recovery.floorMs === 0) this.fire('wake')
    this.heartbeats.check()
  }

  /**
   * A call was answered, so the server can be reached, whatever it asked for before. Ends a wait that is longer than a
   * first one; a first one goes on, since it spreads clients.
   */
  answered(): void {
    if (this.isOpen) return
    if (this.recovery.hasWaited) {
      this.reached()
      return
    }
    this.recovery.lift()
    if (this.state === 'waiting') this.wait()
  }

  /** This connection is no good for what is to come. */
  reopen(): void {
    this.needsReopening = true
    this.update()
  }

  close(): void {
    this.fire('close')
    this.lifecycle.leave()
    this.session.close()
  }

  private get isWanted(): boolean {
    return this.session.isWanted || this.calls?.isWanted === true
  }

  /** Connects over the network as it is now, at once. */
  private reached(): void {
    this.recovery.lift()
    const isHeld = this.state === 'connecting' && !this.connection
    this.fire(this.isOpen || isHeld ? 'reopen' : 'wake')
  }

  private startOrStop(): void {
    this.fire(this.isWanted && !this.lifecycle.isPaused ? 'start' : 'stop')
  }

  private fire(event: Event): void {
    const to = next(this.state, event)
    if (to === undefined) return
    this.leave()
    this.state = to
    this.enter()
    this.tell()
  }

  private tell(): void {
    this.session.refresh()
    this.onChange()
  }

  private leave(): void {
    this.cancelTimer?.()
    this.heartbeats.stop()
    this.recovery.left()
  }

  private enter(): void {
    const { state, dialer, recovery } = this
    if (state === 'open') {
      recovery.opened()
      this.heartbeats.start()
      const { recheckMs } = dialer
      if (recheckMs !== undefined) {
        this.after(recheckMs, () => {
          dialer.recheck()
          this.fire('reopen')
        })
      }
      this.calls?.opened()
      return
    }
    // Every other state begins without a connection, so that there are never two.
    this.disconnect()
    if (state === 'connecting') {
      // Who begins anew, after a pause or with another watch, does not come sooner for that.
      const { floorMs } = recovery
      if (floorMs > 0) this.after(floorMs, () => this.connect())
      else this.connect()
    }
    if (state === 'waiting' || state === 'unauthorized') this.wait()
  }

  private wait(): void {
    const { recovery } = this
    this.after(recovery.waitMs, () => {
      recovery.waited()
      this.fire('due')
    })
  }

  /** Runs `what` later, in the place of what was to run before, unless the state has been left by then. */
  private after(ms: number, what: () => void): void {
    this.cancelTimer?.()
    this.cancelTimer = this.platform.setTimer(what, ms)
  }

  private connect(): void {
    const { session, dialer } = this
    const { attemptTimeoutMs } = this.options
    this.needsReopening = false
    this.after(attemptTimeoutMs, () => {
      if (!this.credentials.isAsking) return this.fail(silence(`nothing came within ${attemptTimeoutMs} ms`))
      this.fail({ error: silence(`the apiKey function did not answer within ${attemptTimeoutMs} ms`).error })
    })
    const carried: ConnectionSession = {
      environment: this.options.environment,
      subscriptions: () => session.subscriptions(),
      begun: () => {
        if (this.carried !== carried) return
        const { patienceMs } = dialer
        this.after(patienceMs, () => this.fail(silence(`nothing came within ${patienceMs} ms`)))
      },
      frame: (frame) => {
        if (this.carried !== carried) return
        try {
          this.frame(frame)
        } catch (thrown) {
          // Nothing of the user's throws here, so it is the message: one of some other server.
          this.fail({ error: unreadable(thrown) })
        }
      },
      ended: (end) => {
        if (this.carried === carried) this.fail(end)
      },
    }
    this.carried = carried
    this.recovery.dials()
    try {
      this.connection = dialer.dial(carried)
    } catch (thrown) {
      // Only a transport of the user's does that.
      this.fail({ error: normalize(thrown) })
    }
  }

  private disconnect(): void {
    const { connection } = this
    this.carried = this.connection = undefined
    if (!connection) return
    connection.close()
    this.session.interrupted()
    this.calls?.down(
      this.recovery.setback?.error ?? new ConnectionError('the connection was closed', 'connection_failed'),
    )
  }

  private frame(frame: ServerFrame): void {
    this.heartbeats.touch()
    if (this.state === 'connecting') {
      this.dialer.opened()
      this.fire('opened')
      // Whoever was told of it may have closed it.
      if (!this.isOpen) return
    }
    if (frame.type === 'welcome') this.heartbeats.start(frame.heartbeatMs)
    else if (frame.type === 'reply') this.calls?.reply(frame)
    else if (frame.type === 'goodbye') {
      const { retryAfterMs } = frame
      this.dialer.leave()
      this.fail({ error: new ConnectionError('the server goes away', 'connection_failed', { retryAfterMs }) })
    } else if (frame.type === 'error' && frame.sub === undefined) {
      this.fail({ error: frameError(frame) })
    } else {
      this.session.take(frame)
      if (frame.type === 'synced' || frame.type === 'reset' || frame.type === 'error') this.onChange()
    }
  }

  /** The connection is no good, or did not come about. */
  private fail(end: ConnectionEnd): void {
    const { error } = end
    const { recovery, session } = this
    recovery.failed(error)
    const isOtherTransport = this.dialer.failed({ ...end, wasOpen: this.isOpen })
    if (isOtherTransport || recovery.mayRenewKey()) {
      this.fire('lost')
    } else if (error.status === 400 && session.reject(error)) {
      this.fire(this.isWanted ? 'lost' : 'stop')
    } else {
      const isTold = recovery.judge(error)
      this.fire(recovery.setback?.state === 'unauthorized' ? 'refused' : 'lost')
      if (isTold) session.fail(error, recovery.setbacks.attempts)
    }
  }
}

function unreadable(thrown: unknown): IronflowError {
  const { message } = normalize(thrown)
  return new IronflowError(`a message of the server cannot be read: ${message}`, 'invalid_response', { cause: thrown })
}
