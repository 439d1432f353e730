import { IronflowError } from '../errors/ironflow-error'
import { errorOf } from '../errors/kinds'
import { callBack, callHook, type OnError, report } from '../hooks'
import type { RetryPolicy } from '../pipeline/retry'
import type { Platform } from '../platform'
import type { ServerFrame, SubscribeFrame, Subscription, UnsubscribeFrame } from '../protocol/frames'
import type { WatchMethod } from '../protocol/watch-kinds'
import { frameError } from '../transport/response-error'
import type { WatchKind } from './kinds'
import { type ClientStatus, type Condition, type Setback, StatusTracker, type TransportStatus } from './status'
import { type SubscriptionHost, WatchSubscription } from './watch-subscription'
import type { Watcher, WatchHandlers, WatchOptions } from './watcher'

/** Options of a {@link SubscriptionSet}, each decided. */
export interface SubscriptionSetOptions {
  readonly environment: string | undefined
  readonly retry: RetryPolicy
  /** Milliseconds that `reached` of a watcher waits at most by default. */
  readonly timeoutMs: number
  readonly onError?: OnError | undefined
  readonly onStatus?: ((status: ClientStatus) => unknown) | undefined
}

/** What a watch is about, and what of it. */
export type Target = Omit<Subscription, 'id' | 'kind' | 'cursor'>

/** The connection that carries the subscriptions of a client. */
export interface SubscriptionCarrier {
  /** The condition of what it carries as long as nothing is in sync. */
  readonly condition: Condition
  readonly isOpen: boolean
  /** When the last message came, epoch milliseconds. */
  readonly lastFrameAt: number
  readonly transport: TransportStatus
  /** Where it leads, for `onError`. */
  readonly endpoint: string
  /** Sends a change of the set, if there is a connection. */
  changed(frame: SubscribeFrame | UnsubscribeFrame): void
  /** Looks again at whether there is anything to carry. */
  update(): void
}

/** All that a client watches, whatever connection carries it. */
export class SubscriptionSet implements SubscriptionHost {
  private readonly entries = new Map<string, WatchSubscription<unknown>>()
  private lastId = 0
  private readonly listeners = new Set<(status: ClientStatus) => void>()
  private environment: string | undefined
  private readonly tracker: StatusTracker<ClientStatus>

  constructor(
    readonly carrier: SubscriptionCarrier,
    readonly options: SubscriptionSetOptions,
    readonly platform: Pick<Platform, 'now' | 'random' | 'setTimer'>,
  ) {
    this.environment = options.environment
    const first: ClientStatus = { state: 'idle', ...carrier.transport }
    this.tracker = new StatusTracker(
      () => this.current(),
      carrier,
      (status) => this.changed(status),
      first,
    )
  }

  /** The status of all that is watched. */
  get status(): ClientStatus {
    return this.tracker.status
  }

  /** Calls `listener` after each change of the status, until the returned function is called. */
  subscribeStatus(listener: (status: ClientStatus) => unknown): () => void {
    // One entry for each call, also for a listener that subscribes twice.
    const entry = (status: ClientStatus) =>
      callBack(
        () => listener(status),
        (error) => this.report(error, 'client.status', 1),
      )
    this.listeners.add(entry)
    return () => {
      this.listeners.delete(entry)
    }
  }

  /** Whether there is a watch that a connection is to carry. */
  get isWanted(): boolean {
    for (const { parked } of this.entries.values()) if (!parked) return true
    return false
  }

  /** Begins a watch. Never throws: what is wrong is reported to its handlers. */
  watch<E>(
    kind: WatchKind<E>,
    wanted: Target,
    onEvent: ((event: E) => unknown) | undefined,
    handlers: WatchHandlers,
    { signal }: WatchOptions,
  ): Watcher<E> {
    const id = `${++this.lastId}`
    const entry = new WatchSubscription({ id, kind: kind.kind, ...wanted }, kind, onEvent, handlers, this)
    this.entries.set(id, entry as WatchSubscription<unknown>)
    this.carrier.changed({ type: 'subscribe', ...entry.subscription() })
    if (this.carrier.condition.state === 'closed') entry.finish(new IronflowError('the client is closed', 'closed'))
    else if (signal) entry.stopWith(signal)
    return entry
  }

  remove(entry: WatchSubscription<unknown>): void {
    const { id } = entry.wanted
    if (!this.entries.delete(id)) return
    entry.unpark()
    this.carrier.changed({ type: 'unsubscribe', id })
  }

  /** Returns what a connection is to follow. */
  subscriptions(): Subscription[] {
    const carried = [...this.entries.values()].filter(({ parked }) => !parked)
    return carried.map((entry) => entry.subscription())
  }

  /** Handles a message about what is watched. One about a watch that was stopped meanwhile is dropped. */
  take(frame: ServerFrame): void {
    if (frame.type === 'welcome') this.environment = frame.environment
    else if (frame.type === 'heartbeat') {
      for (const [id, cursor] of Object.entries(frame.cursors)) this.entries.get(id)?.bookmark(cursor)
    } else if ('sub' in frame && frame.sub !== undefined) {
      const entry = this.entries.get(frame.sub)
      if (!entry || entry.parked) return
      if (frame.type === 'error') this.refuse(entry, frameError(frame))
      else entry.take(frame)
      if (frame.type !== 'synced' && frame.type !== 'reset' && frame.type !== 'error') return
      entry.refresh()
      this.tracker.update()
    }
  }

  /** Notes that the connection is gone. */
  interrupted(): void {
    for (const entry of this.entries.values()) entry.interrupted()
  }

  /** Reports what has become of each watch, and of all. */
  refresh(): void {
    // Of a copy: a callback may start another watch, which reports by itself.
    for (const entry of [...this.entries.values()]) entry.refresh()
    this.tracker.update()
  }

  /** Asks again for what the old key was not allowed. Returns whether there is any such watch. */
  rekeyed(): boolean {
    const refused = [...this.entries.values()].filter(({ parked }) => parked?.state === 'unauthorized')
    for (const entry of refused) this.resume(entry)
    return refused.length > 0
  }

  /** Reports an error of all watches to each of them, and to the client once for each kind of watch. */
  fail(error: IronflowError, attempts: number): void {
    const errors = new Map<WatchMethod, IronflowError>()
    // Of a copy: a callback may stop watches, which hear nothing more, and start others, which had no part in this.
    for (const [id, { handlers, kind }] of [...this.entries]) {
      const own = errors.get(kind.method) ?? errorOf(kind.method, error)
      errors.set(kind.method, own)
      if (this.entries.has(id)) callHook(handlers.onError, own)
    }
    for (const [method, own] of errors) this.report(own, method, attempts)
  }

  report(error: IronflowError, method: WatchMethod | 'client.status', attempts: number): void {
    const { environment, onError } = this.options
    report(onError, error, { method, endpoint: this.carrier.endpoint, attempts, environment })
  }

  /**
   * Ends every watch, since the server says that something is wrong with all of them: an environment that does not
   * exist. Returns whether there was any. A 400 that names nothing is another server's, and ends none.
   */
  reject(error: IronflowError & { fields?: Record<string, string> }): boolean {
    const before = this.entries.size
    if (Object.keys(error.fields ?? {}).length > 0) for (const entry of [...this.entries.values()]) entry.finish(error)
    return this.entries.size < before
  }

  /** Ends every watch. */
  close(): void {
    for (const entry of this.entries.values()) entry.finish()
  }

  /** Handles the server's end of one subscription: for good, or to be tried again later. */
  private refuse(entry: WatchSubscription<unknown>, error: IronflowError): void {
    const { status, retryable } = error
    if (status !== 401 && status !== 403 && !retryable) {
      entry.finish(error)
      return
    }
    const { platform } = this
    const now = platform.now()
    const { isReported, setback } = entry.policy.judge(error, now, platform.random())
    entry.park(platform.setTimer(() => this.resume(entry), setback.retryAt - now))
    if (isReported) entry.fail(error)
    this.carrier.update()
  }

  private resume(entry: WatchSubscription<unknown>): void {
    entry.unpark()
    this.carrier.changed({ type: 'subscribe', ...entry.subscription() })
    entry.refresh()
  }

  private changed(status: ClientStatus): void {
    callHook(this.options.onStatus, status)
    for (const listener of [...this.listeners]) if (this.listeners.has(listener)) listener(status)
  }

  private current(): ClientStatus {
    return { ...this.condition(), ...this.carrier.transport, environment: this.environment }
  }

  private condition(): Condition {
    const { condition, isOpen } = this.carrier
    let setback: Setback | undefined
    let isSynced = true
    for (const entry of this.entries.values()) {
      setback ??= entry.parked
      if (!entry.isSynced && !entry.parked) isSynced = false
    }
    // What is left out is not in sync, whatever the others are.
    if (setback && (isOpen ? isSynced : condition.state === 'idle')) return setback
    return isOpen && isSynced ? { state: 'live', since: this.tracker.liveSince } : condition
  }
}
