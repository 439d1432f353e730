import { onAbort } from '../async/abort'
import { within } from '../async/deadline'
import { asyncDispose } from '../async/dispose'
import { IronflowError } from '../errors/ironflow-error'
import { errorOf } from '../errors/kinds'
import { callBack, callHook } from '../hooks'
import type { CallOptions } from '../pipeline/call-options'
import { CALL_OPTIONS, expectOptions } from '../pipeline/option-names'
import type { RetryPolicy } from '../pipeline/retry'
import type { Platform } from '../platform'
import type { ChangeFrame, Subscription, WatchFrame } from '../protocol/frames'
import type { KnownPosition } from '../protocol/position'
import type { WatchMethod } from '../protocol/watch-kinds'
import { ConflatingQueue } from './conflating-queue'
import type { WatchKind } from './kinds'
import { ReconnectPolicy } from './reconnect-policy'
import { ReplicaState } from './replica-state'
import { type Condition, type Setback, StatusTracker, type WatchStatus } from './status'
import type { Watcher, WatchHandlers } from './watcher'

/** The set that a {@link WatchSubscription} belongs to. */
export interface SubscriptionHost {
  readonly carrier: {
    /** The condition of the connection. */
    readonly condition: Condition
    /** When the last message came, epoch milliseconds. */
    readonly lastFrameAt: number
  }
  readonly options: { readonly retry: RetryPolicy; readonly timeoutMs: number }
  readonly platform: Pick<Platform, 'now' | 'setTimer'>
  remove(subscription: WatchSubscription<unknown>): void
  /** Reports to the client's `onError`. */
  report(error: IronflowError, method: WatchMethod, attempts: number): void
}

/** One subscription of a client, and the {@link Watcher} that its user holds. */
export class WatchSubscription<E> implements Watcher<E> {
  readonly ready: Promise<void>
  /** When the server ends it: each time, until it is in sync again. */
  policy: ReconnectPolicy
  /** Whether all there is was delivered, on this connection. */
  isSynced = false
  private readonly replica: ReplicaState
  private settle!: { resolve(): void; reject(error: IronflowError): void }
  private queue: ConflatingQueue<E> | undefined
  private end: { readonly error?: IronflowError | undefined } | undefined
  private readonly tracker: StatusTracker<Condition>
  private cancelParking: (() => void) | undefined
  /** What looks again whenever something was delivered. */
  private readonly waiters = new Set<() => void>()
  /** Removes the listener of the signal that stops it. */
  private release: (() => void) | undefined

  constructor(
    readonly wanted: Omit<Subscription, 'cursor'>,
    readonly kind: WatchKind<E>,
    private readonly onEvent: ((event: E) => unknown) | undefined,
    readonly handlers: WatchHandlers,
    private readonly host: SubscriptionHost,
  ) {
    this.replica = new ReplicaState(kind, wanted)
    this.policy = new ReconnectPolicy(host.options.retry)
    this.tracker = new StatusTracker(() => this.current(), host.carrier, handlers.onStatus, { state: 'idle' })
    if (!onEvent) this.queue = new ConflatingQueue()
    this.ready = new Promise((resolve, reject) => {
      this.settle = { resolve, reject }
    })
    // Not awaited by its user: then `onError` reports the same.
    this.ready.catch(() => undefined)
  }

  /** Why no connection is to carry it at present. */
  get parked(): Setback | undefined {
    return this.policy.setback
  }

  get status(): WatchStatus {
    return this.tracker.status
  }

  stop(): void {
    this.finish()
  }

  async [asyncDispose](): Promise<void> {
    this.finish()
  }

  [Symbol.asyncIterator](): AsyncIterator<E, undefined> {
    this.queue ??= new ConflatingQueue()
    if (this.end) this.queue.close(this.end.error)
    const { queue } = this
    return {
      next: () => queue.next(),
      return: async () => {
        this.finish()
        return { done: true, value: undefined }
      },
    }
  }

  /** Returns what to ask for on a connection that begins now. */
  subscription(): Subscription {
    return this.replica.subscription()
  }

  /** Notes that everything up to `cursor` was sent. */
  bookmark(cursor: string): void {
    if (this.isSynced) this.replica.bookmark(cursor)
    this.progress()
  }

  /** Handles a message about it. */
  take(frame: Exclude<WatchFrame, { type: 'error' }>): void {
    if (frame.type === 'reset') {
      this.replica.reset(frame)
      this.interrupted()
    } else if (frame.type === 'synced') {
      for (const gone of this.replica.synced(frame)) this.deliver(gone)
      this.synced()
    } else {
      const change = this.replica.change(frame)
      if (change) this.deliver(change)
    }
    this.progress()
  }

  async reached(position: number | KnownPosition, options: CallOptions = {}): Promise<void> {
    expectOptions(options, CALL_OPTIONS)
    const { method } = this.kind
    const wanted = typeof position === 'number' ? { revision: position } : position
    let waiter: (() => void) | undefined
    const delivered = new Promise<void>((resolve, reject) => {
      waiter = () => {
        if (this.replica.hasReached(wanted)) resolve()
        else if (this.end) reject(this.end.error ?? stopped(method))
      }
      this.waiters.add(waiter)
      waiter()
    })
    const {
      platform,
      options: { timeoutMs },
    } = this.host
    const what = `${method} up to revision ${wanted.revision} took longer than timeoutMs`
    return within(platform, options.timeoutMs ?? timeoutMs, what, delivered, options.signal).finally(() => {
      if (waiter) this.waiters.delete(waiter)
    })
  }

  /** Notes that the connection is gone, or that its values come again. */
  interrupted(): void {
    this.isSynced = false
  }

  /** Ends it when the signal aborts. */
  stopWith(signal: AbortSignal): void {
    this.release = onAbort(signal, () => this.finish())
  }

  /** Leaves it out of connections until the policy's setback is over. @param cancel cancels the timer of that */
  park(cancel: () => void): void {
    this.interrupted()
    this.cancelParking = cancel
  }

  /** Has connections carry it again. */
  unpark(): void {
    this.cancelParking?.()
    this.cancelParking = this.policy.setback = undefined
  }

  /** Reports its status if that is another than before. */
  refresh(): void {
    this.tracker.update()
  }

  /** Reports an error of this watch alone. */
  fail(error: IronflowError): void {
    const { method } = this.kind
    const own = errorOf(method, error)
    callHook(this.handlers.onError, own)
    this.host.report(own, method, this.policy.attempts)
  }

  /** Ends it, for good. */
  finish(cause?: IronflowError): void {
    if (this.end) return
    const { method } = this.kind
    const error = cause && errorOf(method, cause)
    this.interrupted()
    this.end = { error }
    this.release?.()
    this.host.remove(this as WatchSubscription<unknown>)
    if (error) this.fail(error)
    this.queue?.close(error)
    this.settle.reject(error ?? stopped(method))
    this.progress()
    this.refresh()
    callHook(this.handlers.onClose, error)
  }

  /** Looks again at what waits for a position. */
  private progress(): void {
    for (const waiter of this.waiters) waiter()
  }

  private current(): Condition {
    if (this.end) return { state: 'closed', ...this.end }
    const { condition } = this.host.carrier
    if (condition.state === 'closed' || condition.state === 'paused') return condition
    if (this.parked) return this.parked
    return this.isSynced ? { state: 'live', since: this.tracker.liveSince } : condition
  }

  private synced(): void {
    if (this.end) return
    this.policy = new ReconnectPolicy(this.host.options.retry)
    this.isSynced = true
    this.settle.resolve()
  }

  private deliver(frame: ChangeFrame): void {
    // Looked at each time: the event before may have stopped it.
    if (this.end) return
    const event = this.kind.read(frame)
    this.queue?.push(this.kind.keyOf(frame), event)
    const { onEvent } = this
    if (onEvent)
      callBack(
        () => onEvent(event),
        (error) => this.fail(error),
      )
  }
}

function stopped(method: string): IronflowError {
  return new IronflowError('the watch was stopped', 'closed', { method })
}
