import type { IronflowError } from '../errors/ironflow-error'
import { ConnectionError } from '../errors/kinds'
import type { ClientFrame } from '../protocol/frames'
import { HeartbeatMonitor } from '../transport/heartbeat-monitor'
import type { Link } from '../transport/link'
import { type CallCarrier, SocketCalls } from '../transport/socket-calls'
import type { ConnectionEnd } from '../transport/transport'
import { TransportSelector } from '../transport/transport-selector'
import { type AttemptOptions, ConnectionAttempt } from './connection-attempt'
import { type Event, next, type State } from './connection-state'
import { Lifecycle } from './lifecycle'
import { ReconnectPolicy } from './reconnect-policy'
import { ReconnectTimer } from './reconnect-timer'
import type { Condition, TransportStatus } from './status'
import { type SubscriptionCarrier, SubscriptionSet, type SubscriptionSetOptions } from './subscription-set'

/** Options of a {@link ConnectionManager}, each decided. */
export interface ConnectionOptions extends SubscriptionSetOptions, AttemptOptions {}

/**
 * Owns the one connection of a client: opens it when there is something to carry, finds out when it is no good, and opens
 * another one. What to do next is the machine's decision (`connection-state.ts`), when the policy's, over which transport
 * the selector's; here are the effects of all three.
 */
export class ConnectionManager implements SubscriptionCarrier, CallCarrier {
  readonly subscriptions: SubscriptionSet
  /** Carries calls over the same connection, where the user chose a WebSocket. */
  readonly calls: SocketCalls | undefined
  private state: State = 'idle'
  private attempt: ConnectionAttempt | undefined
  /** The server of the newest connection. */
  private server: string
  private readonly selector: TransportSelector
  private readonly policy: ReconnectPolicy
  private readonly timer: ReconnectTimer
  private readonly heartbeats: HeartbeatMonitor
  private readonly lifecycle: Lifecycle
  private isUpdating = false
  private needsReopening = false

  constructor(
    private readonly options: ConnectionOptions,
    private readonly link: Link,
  ) {
    const { transport, attemptTimeoutMs, retry } = options
    const { platform, server } = link
    this.server = server
    this.selector = new TransportSelector(transport, attemptTimeoutMs)
    this.policy = new ReconnectPolicy(retry)
    this.timer = new ReconnectTimer(this.policy, link)
    this.heartbeats = new HeartbeatMonitor(platform, (end) => this.fail(end))
    this.lifecycle = new Lifecycle(platform, (type) => {
      // At once: a page that is about to be frozen gets no other chance.
      if (type === 'pause' || type === 'resume') this.startOrStop()
      else if (type === 'network') this.reached()
      else this.wake()
    })
    this.subscriptions = new SubscriptionSet(this, options, platform)
    if (transport === 'websocket') this.calls = new SocketCalls(this, platform)
  }

  get lastFrameAt(): number {
    return this.heartbeats.lastAt
  }

  get transport(): TransportStatus {
    const { kind, reason } = this.selector
    return { transport: kind, transportReason: reason }
  }

  get endpoint(): string {
    const { kind } = this.selector
    return kind === 'custom' ? kind : `${this.server}/api/v1/${kind === 'websocket' ? 'ws' : 'watch'}`
  }

  get condition(): Condition {
    const { state, lifecycle } = this
    const { setback } = this.policy
    if (setback && (state === 'waiting' || state === 'unauthorized')) return setback
    if (state === 'closed') return { state }
    if (lifecycle.isPaused) return { state: 'paused', reasons: lifecycle.reasons }
    return { state: this.isWanted ? 'connecting' : 'idle' }
  }

  refusal(): IronflowError | undefined {
    if (this.mayHaveOtherKey) this.fire('rekeyed')
    return this.state === 'unauthorized' ? this.policy.setback?.error : undefined
  }

  get isOpen(): boolean {
    return this.state === 'open'
  }

  send(frame: ClientFrame): void {
    if (this.attempt?.send(frame) === false) this.reopen()
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
      this.subscriptions.refresh()
    })
  }

  /** Uses another key: a connection has the rights of the key that it was opened with. */
  rekeyed(): void {
    this.fire('rekeyed')
    if (this.subscriptions.rekeyed() && this.isOpen) this.reopen()
  }

  /** Tries again now, unless the server still asks to be left alone. */
  wake(): void {
    if (this.policy.floorMs(this.link.server, this.now) === 0) this.fire('wake')
    this.heartbeats.check()
  }

  /**
   * Notes that an HTTP call has succeeded, so the server can be reached, whatever it asked for before. Reconnects now if
   * the first back-off has passed; within it the wait goes on, since it spreads clients.
   */
  callSucceeded(): void {
    if (this.isOpen) return
    const hasWaited = this.policy.hasWaited(this.now)
    this.policy.lift()
    if (hasWaited) this.reached()
    else if (this.state === 'waiting') this.timer.afterBackOff(() => this.fire('due'))
  }

  reopen(): void {
    this.needsReopening = true
    this.update()
  }

  /** Ends every watch, the calls under way, and the connection. A second call is a no-op. */
  close(): void {
    this.calls?.close()
    this.fire('close')
    this.lifecycle.leave()
    this.subscriptions.close()
  }

  private get now(): number {
    return this.link.platform.now()
  }

  private get isWanted(): boolean {
    return this.subscriptions.isWanted || this.calls?.isWanted === true
  }

  /** Whether the key was refused, and there may be another one by now. */
  private get mayHaveOtherKey(): boolean {
    return this.policy.setback?.error.status === 401 && this.link.credentials.canRenew()
  }

  /** Connects over the network as it is now, at once. */
  private reached(): void {
    this.policy.lift()
    const isHeld = this.state === 'connecting' && !this.attempt
    this.fire(this.isOpen || isHeld ? 'reopen' : 'wake')
  }

  private startOrStop(): void {
    this.fire(this.isWanted && !this.lifecycle.isPaused ? 'start' : 'stop')
  }

  private fire(event: Event): void {
    const to = next(this.state, event)
    if (to === undefined) return
    this.timer.cancel()
    this.heartbeats.stop()
    this.policy.left(this.now)
    this.state = to
    if (to === 'open') this.opened()
    else {
      // Every other state begins without a connection, so that there are never two.
      this.disconnect()
      // Also after a pause, for another watch, or on the heels of a call, not sooner than the server wishes.
      if (to === 'connecting') this.timer.whenAllowed(() => this.connect())
      if (to === 'waiting' || to === 'unauthorized') this.timer.afterBackOff(() => this.fire('due'))
    }
    this.subscriptions.refresh()
  }

  private opened(): void {
    this.selector.opened()
    this.policy.opened(this.now)
    this.heartbeats.start()
    const recheckMs = this.selector.recheckMs(this.now)
    if (recheckMs !== undefined) {
      this.timer.after(recheckMs, () => {
        this.selector.recheck(this.now)
        this.fire('reopen')
      })
    }
    this.calls?.opened()
  }

  private connect(): void {
    const { link } = this
    this.needsReopening = false
    this.server = link.server
    this.policy.attempted(this.now)
    this.attempt = new ConnectionAttempt(link, this.options, this.selector, this.heartbeats, {
      subscriptions: () => this.subscriptions.subscriptions(),
      opened: () => this.fire('opened'),
      frame: (frame) => (frame.type === 'reply' ? this.calls?.reply(frame) : this.subscriptions.take(frame)),
      failed: (end) => this.fail(end),
    })
    this.attempt.open()
  }

  private disconnect(): void {
    if (!this.attempt) return
    this.attempt.close()
    this.attempt = undefined
    this.subscriptions.interrupted()
    const { setback } = this.policy
    this.calls?.down(setback?.error ?? new ConnectionError('the connection was closed', 'connection_failed'))
  }

  /** The connection is no good, or did not come about. */
  private fail(end: ConnectionEnd): void {
    const { now, policy, server, subscriptions } = this
    const { error } = end
    policy.failed(error, now, end.isSilent)
    if (end.isSilent) this.link.leave(server)
    const isOtherTransport = this.selector.failed({ ...end, wasOpen: this.isOpen }, now)
    if (isOtherTransport || (this.mayHaveOtherKey && policy.renewsKey())) {
      this.fire('lost')
    } else if (error.status === 400 && subscriptions.reject(error)) {
      this.fire(this.isWanted ? 'lost' : 'stop')
    } else {
      const { isReported, setback } = policy.judge(error, now, this.link.platform.random(), server, this.link.server)
      this.fire(setback.state === 'unauthorized' ? 'refused' : 'lost')
      if (isReported) subscriptions.fail(error, policy.attempts)
    }
  }
}
