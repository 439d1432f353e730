import type { IronflowError } from '@ironflow/core/errors'
import {
  type GoodbyeFrame,
  PROTOCOL_VERSION,
  type Subscription,
  stringify,
  type WatchFrame,
  type WelcomeFrame,
} from '@ironflow/core/protocol'
import { expectRight, refusalOf, rightToWatch } from '../dispatch/authorize'
import { failure } from '../dispatch/failure'
import type { Principal } from '../domain/principal'
import type { Right } from '../domain/rights'
import { beyondLimit } from '../limits'
import { QueueRoom } from './newest-per-key'
import { PageLane } from './page-lane'
import type { WatchParts } from './parts'
import type { Sink } from './sink'
import { LiveSubscription } from './subscription'
import type { SubscriptionHost } from './subscription-host'

/** What this server's watching can do, as `welcome` says. */
const FEATURES = ['watch', 'call']

/** Who watches, and where its messages go. */
export interface SessionOwner {
  readonly environment: string
  readonly principal: Principal
  /** Of the key, to be checked again. */
  readonly keyHash: string | undefined
  readonly sink: Sink
}

/**
 * A client's set of subscriptions on one connection, whichever wire it came by. A binding makes it, hands it what the
 * client asks for, and tells it when the wire takes more and when it is gone.
 */
export class Session implements SubscriptionHost {
  readonly environment: string
  readonly sink: Sink
  readonly keyHash: string | undefined
  readonly lane: PageLane
  readonly queueRoom: QueueRoom
  private who: Principal
  private readonly subscriptions = new Map<string, LiveSubscription>()
  private isOver = false

  /** @param onEnd told once, when it has ended, however */
  constructor(
    readonly parts: WatchParts,
    owner: SessionOwner,
    private readonly onEnd: (session: Session) => void,
  ) {
    this.environment = owner.environment
    this.sink = owner.sink
    this.keyHash = owner.keyHash
    this.who = owner.principal
    const { turns, limits } = parts
    this.lane = new PageLane(turns, owner.sink)
    this.queueRoom = new QueueRoom({ keys: limits.watchQueueKeys, bytes: limits.watchQueueBytes })
  }

  get principal(): Principal {
    return this.who
  }

  /** Takes the principal that the key stands for by now. What it may not watch ends; if it may do nothing, all of it. */
  set principal(principal: Principal) {
    this.who = principal
    for (const subscription of [...this.subscriptions.values()]) subscription.recheck()
    const refusal = refusalOf(principal)
    if (refusal) this.end(refusal)
  }

  /** Whether every subscription has been told all there is. */
  get isSettled(): boolean {
    // Asked for each of many subscriptions as it becomes live: the first that is not is the answer, without a copy.
    for (const { isLive } of this.subscriptions.values()) if (!isLive) return false
    return true
  }

  /** Whether every subscription could go on from the cursor it has now. */
  get canResume(): boolean {
    return [...this.subscriptions.values()].every(({ bookmark }) => bookmark !== undefined)
  }

  /** The first message. */
  welcome(): void {
    const frame: WelcomeFrame = {
      type: 'welcome',
      protocol: PROTOCOL_VERSION,
      features: FEATURES,
      environment: this.environment,
      heartbeatMs: this.parts.heartbeatMs,
      serverTime: new Date(this.parts.now()).toISOString(),
    }
    this.sink.send('welcome', stringify(frame))
  }

  /**
   * Adds a subscription; one of the same id is replaced.
   *
   * @param named whether its messages say which subscription they are about
   * @throws UnauthorizedError, rate_limited, ValidationError for too many filters
   */
  subscribe(subscription: Subscription, named = true): void {
    if (this.isOver) return
    const { limits } = this.parts
    const { id, filters = [] } = subscription
    this.unsubscribe(id)
    if (filters.length > limits.filtersPerSubscription) {
      // Not `rate_limited`: the same subscription will have as many tomorrow.
      throw beyondLimit('invalid_request', 'too many filters in this subscription', 'filtersPerSubscription', limits)
    }
    if (this.subscriptions.size >= limits.subscriptionsPerStream) {
      throw beyondLimit('rate_limited', 'too many subscriptions on this connection', 'subscriptionsPerStream', limits)
    }
    expectRight(this.who, rightToWatch(subscription))
    const live = new LiveSubscription(subscription, named ? id : undefined, this)
    this.subscriptions.set(id, live)
    live.begin()
  }

  /**
   * Adds a subscription among others: where it cannot be made the client is told so, and the others go on. Returns
   * whether it was made.
   */
  subscribeOrTell(subscription: Subscription): boolean {
    try {
      this.subscribe(subscription)
      return true
    } catch (thrown) {
      this.sendError(failure(thrown), subscription.id)
      return false
    }
  }

  /** Ends a subscription: nothing more is sent of it. */
  unsubscribe(id: string): void {
    this.subscriptions.get(id)?.end()
    this.subscriptions.delete(id)
  }

  /** The sink takes more. */
  drained(): void {
    this.lane.proceed()
    for (const subscription of this.subscriptions.values()) {
      if (!this.sink.ready) break
      subscription.drained()
    }
  }

  /** By subscription: the cursor up to which everything that matches was sent. */
  cursors(): Record<string, string> {
    const cursors = Object.create(null) as Record<string, string>
    for (const { name, bookmark } of this.subscriptions.values()) if (bookmark !== undefined) cursors[name] = bookmark
    return cursors
  }

  /** Says that it is alive, where anybody listens: to a peer that takes nothing, it would only pile up. */
  beat(): void {
    if (!this.sink.ready) return
    const cursors = this.cursors()
    const [only, ...others] = Object.values(cursors)
    const isOnly = this.subscriptions.size === 1 && others.length === 0
    this.sink.send('heartbeat', stringify({ type: 'heartbeat', cursors }), isOnly ? only : undefined)
  }

  /** Tells the client to go and come back, and ends. */
  goodbye(retryAfterMs: number): void {
    if (this.isOver) return
    const frame: GoodbyeFrame = { type: 'goodbye', retryAfterMs }
    this.sink.send('goodbye', stringify(frame))
    this.end()
  }

  /** Ends it all. With an error, the client is told. A second call does nothing. */
  end(error?: IronflowError): void {
    if (this.isOver) return
    this.isOver = true
    for (const subscription of this.subscriptions.values()) subscription.end()
    this.subscriptions.clear()
    if (error) this.sendError(error)
    this.onEnd(this)
    this.sink.end(error)
  }

  /** Tells the client what is wrong with a subscription; `undefined`: with what it sent, whatever that is. */
  sendError(error: IronflowError, sub?: string): void {
    const { code, message: detail } = error
    const { fields } = error as { fields?: Record<string, string> }
    const hasFields = fields && Object.keys(fields).length > 0
    const frame: WatchFrame = { type: 'error', sub, code, detail, fields: hasFields ? fields : undefined }
    this.sink.send('error', stringify(frame))
  }

  refusal(right: Right): IronflowError | undefined {
    return refusalOf(this.who, right)
  }

  caughtUp(): void {
    if (this.isSettled) this.sink.settled()
  }

  failed({ id, name }: Pick<LiveSubscription, 'id' | 'name'>, error: IronflowError): void {
    if (id === undefined) {
      this.end(error)
      return
    }
    this.subscriptions.delete(name)
    this.sendError(error, id)
    this.caughtUp()
  }
}
