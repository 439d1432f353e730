import type { IronflowError } from '../errors/ironflow-error'
import { ConnectionError, TimeoutError } from '../errors/kinds'
import type { RetryPolicy } from '../pipeline/retry'
import type { Platform } from '../platform'
import type { ClientFrame, ReplyFrame, ServerFrame, Subscription } from '../protocol/frames'
import type { Credentials } from '../transport/credentials'
import type { Dialer } from '../transport/dialer'
import type { Connection, ConnectionEnd } from '../transport/transport'
import { frameError } from './frame-error'
import { Lifecycle } from './lifecycle'
import { Liveness } from './liveness'
import type { Carrier, Session } from './session'
import { BASE_DELAY_MS, Setbacks } from './setbacks'
import { type Event, next, type State } from './state'
import type { Condition } from './status'

/** What a server's heartbeats are taken to be until it says, in milliseconds. */
const HEARTBEAT_MS = 15_000

/** Whom the loop tells. */
export interface LoopEvents {
  /** Something about the status is another. May be called also where nothing is. */
  changed(): void
  /** The connection was opened: calls may be sent. */
  opened(): void
  reply(frame: ReplyFrame): void
  /** There is no connection any more, or none came about. */
  down(error: IronflowError): void
}

/**
 * Owns the one connection of a client: opens it when there is something to carry, finds out when it is no good, and opens
 * another one. What to do next is the machine's decision (`state.ts`), which transport to use the dialer's; here are the
 * effects of both.
 */
export class Loop implements Carrier {
  private state: State = 'idle'
  private connection: Connection | undefined
  /** Names the connection's life: whoever comes with another one comes too late. */
  private life: object | undefined
  private asked: Subscription[] = []
  private cancelTimer: (() => void) | undefined
  private cancelRecheck: (() => void) | undefined
  private readonly liveness: Liveness
  private readonly lifecycle: Lifecycle
  /** Who needs a connection besides the watches: calls. */
  private holders = 0
  private isUpdating = false
  private needsReopening = false

  private readonly setbacks: Setbacks
  private openedAt = 0
  private failedAt = 0
  private retryAt = 0
  /** Before then the server does not want to see us. */
  private notBefore = 0
  private error: IronflowError | undefined
  private hasRenewedKey = false

  constructor(
    private readonly session: Session,
    private readonly dialer: Dialer,
    private readonly credentials: Pick<Credentials, 'canRenew'>,
    private readonly options: { readonly environment: string | undefined; readonly retry: RetryPolicy },
    private readonly platform: Pick<Platform, 'now' | 'random' | 'setTimer' | 'lifecycle'>,
    private readonly events: LoopEvents,
  ) {
    this.setbacks = new Setbacks(options.retry)
    this.lifecycle = new Lifecycle(platform, {
      // At once: a page that is about to be frozen gets no other chance.
      changed: () => this.startOrStop(),
      woke: () => this.wake(),
      networkChanged: () => {
        if (this.state === 'open') this.fire('reopen')
        else this.wake()
      },
    })
    this.liveness = new Liveness(platform, () => {
      this.fail({ error: new TimeoutError('the connection went silent', 'timeout', { status: undefined }) }, true)
    })
    session.carrier = this
  }

  get lastFrameAt(): number {
    return this.liveness.lastAt
  }

  /** How it is with the connection; with each watch, the watch itself knows best. */
  get condition(): Condition {
    const { state, error, retryAt } = this
    if (state === 'open') return { state: 'live', since: this.openedAt }
    if (state === 'waiting' && error) return { state: 'interrupted', error, retryAt }
    if (state === 'unauthorized' && error) return { state: 'unauthorized', error, retryAt }
    if (state === 'closed') return { state }
    if (this.lifecycle.isPaused) return { state: 'paused', reasons: this.lifecycle.reasons }
    return { state: this.isWanted ? 'connecting' : 'idle' }
  }

  /** How many attempts to connect `onError` is told of. */
  get attempts(): number {
    return this.setbacks.attempts
  }

  /** Why it will not connect for a while. */
  get refusal(): IronflowError | undefined {
    return this.state === 'unauthorized' ? this.error : undefined
  }

  /** Whether messages can be sent now. */
  get isOpen(): boolean {
    return this.state === 'open'
  }

  /** Somebody else needs a connection. The answer takes that back. */
  hold(): () => void {
    this.holders++
    this.update()
    return () => {
      this.holders--
      this.update()
    }
  }

  send(frame: ClientFrame): void {
    if (this.connection?.send(frame) === false) this.needsReopening = true
  }

  changed(frame: ClientFrame): void {
    this.send(frame)
    this.update()
  }

  /** Does what has changed asks for, once for all that changes in one go. */
  update(): void {
    if (this.isUpdating) return
    this.isUpdating = true
    Promise.resolve().then(() => {
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

  /** There is reason to believe that it works again. The server's own wish to be left alone for a while counts more. */
  wake(): void {
    if (this.platform.now() >= this.notBefore) this.fire('wake')
    this.liveness.check()
  }

  /** The server can be reached. Who waits for longer than after a first failure waits no more. */
  answered(): void {
    if (this.state === 'waiting' && this.platform.now() - this.failedAt >= BASE_DELAY_MS) this.wake()
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
    return this.session.active + this.holders > 0
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
    this.events.changed()
  }

  private leave(): void {
    this.cancelTimer?.()
    this.cancelRecheck?.()
    this.cancelTimer = this.cancelRecheck = undefined
    this.liveness.stop()
    this.noteHealth()
  }

  private enter(): void {
    const { state, platform, dialer } = this
    if (state === 'open') {
      this.openedAt = platform.now()
      this.error = undefined
      this.hasRenewedKey = false
      this.setbacks.accepted()
      this.liveness.start(HEARTBEAT_MS)
      const { recheckMs } = dialer
      if (recheckMs !== undefined) this.cancelRecheck = platform.setTimer(() => this.recheck(), recheckMs)
      this.events.opened()
      return
    }
    // Every other state begins without a connection, so that there are never two.
    this.disconnect()
    if (state === 'connecting') this.connectWhenWelcome()
    if (state === 'waiting' || state === 'unauthorized') {
      this.cancelTimer = platform.setTimer(() => {
        // Was waited for too; and the clock may have been put back meanwhile.
        this.notBefore = 0
        this.fire('due')
      }, this.retryAt - platform.now())
    }
  }

  /** Who begins anew, after a pause or with another watch, does not come sooner for that. */
  private connectWhenWelcome(): void {
    const restMs = this.notBefore - this.platform.now()
    if (restMs > 0) this.cancelTimer = this.platform.setTimer(() => this.connect(), restMs)
    else this.connect()
  }

  private connect(): void {
    const { session, dialer, platform } = this
    const { patienceMs } = dialer
    const life = {}
    this.life = life
    this.needsReopening = false
    this.cancelTimer = platform.setTimer(() => {
      const message = `nothing came within ${patienceMs} ms`
      this.fail({ error: new TimeoutError(message, 'timeout', { status: undefined }) }, true)
    }, patienceMs)
    this.connection = dialer.dial({
      environment: this.options.environment,
      subscriptions: () => {
        this.asked = session.subscriptions()
        return this.asked
      },
      frame: (frame) => {
        if (this.life === life) this.frame(frame)
      },
      ended: (end) => {
        if (this.life === life) this.fail(end)
      },
    })
  }

  private disconnect(): void {
    const { connection } = this
    this.life = this.connection = undefined
    if (!connection) return
    connection.close()
    this.session.interrupted()
    this.events.down(this.error ?? new ConnectionError('the connection was closed', 'connection_failed'))
  }

  private frame(frame: ServerFrame): void {
    this.liveness.touch()
    if (this.state === 'connecting') {
      this.dialer.opened()
      this.fire('opened')
      // Whoever was told of it may have closed it.
      if (!this.isOpen) return
    }
    if (frame.type === 'welcome') this.liveness.start(frame.heartbeatMs)
    else if (frame.type === 'reply') this.events.reply(frame)
    else if (frame.type === 'goodbye') {
      const { retryAfterMs } = frame
      this.fail({ error: new ConnectionError('the server goes away', 'connection_failed', { retryAfterMs }) })
    } else if (frame.type === 'error' && frame.sub === undefined) {
      this.fail({ error: frameError(frame) })
    } else {
      this.session.take(frame)
      if (frame.type === 'synced' || frame.type === 'reset' || frame.type === 'error') this.events.changed()
    }
  }

  /** The connection is no good, or did not come about. */
  private fail(end: ConnectionEnd, isSilent = false): void {
    const { error } = end
    const { platform, session, setbacks } = this
    const wasOpen = this.state === 'open'
    const now = platform.now()
    this.noteHealth()
    this.error = error
    this.failedAt = now
    const isOtherTransport = this.dialer.failed({ ...end, wasOpen, isSilent })
    if (isOtherTransport || this.mayRenewKey(error)) {
      this.retryIn(0, 'lost')
    } else if (error.status === 400 && session.reject(error, this.asked)) {
      if (this.isWanted) this.retryIn(0, 'lost')
      else this.fire('stop')
    } else {
      const { isRefusal, waitMs, isTold } = setbacks.judge(error, platform.random())
      this.notBefore = now + (error.retryAfterMs ?? 0)
      this.retryIn(waitMs, isRefusal ? 'refused' : 'lost')
      if (isTold) session.fail(error)
    }
  }

  /** A connection that lasted makes up for what failed before it, however it ends. */
  private noteHealth(): void {
    if (this.isOpen) this.setbacks.worked(this.platform.now() - this.openedAt)
  }

  private recheck(): void {
    this.dialer.recheck()
    this.fire('reopen')
  }

  private retryIn(ms: number, event: 'lost' | 'refused'): void {
    this.retryAt = this.platform.now() + ms
    this.fire(event)
  }

  /** Once: a key that was asked for again, and is refused again, is wrong. */
  private mayRenewKey({ status }: IronflowError): boolean {
    if (status !== 401 || this.hasRenewedKey || !this.credentials.canRenew()) return false
    this.hasRenewedKey = true
    return true
  }
}
