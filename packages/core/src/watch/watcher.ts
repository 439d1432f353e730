import { asyncDispose } from '../async/dispose'
import { IronflowError } from '../errors/ironflow-error'
import { errorOf } from '../errors/kinds'
import { callHook } from '../hooks'
import type { RetryPolicy } from '../pipeline/retry'
import type { Subscription, WatchFrame } from '../protocol/frames'
import { ConflatingQueue } from './conflating-queue'
import type { ChangeFrame, WatchKind, WatchMethod } from './kinds'
import { ReplicaState } from './replica-state'
import { type Setback, Setbacks } from './setbacks'
import { type Condition, type Proven, StatusTracker, type WatchStatus } from './status'

/** What a watch may be told besides what it is about. */
export interface WatchOptions {
  /** Aborting it stops the watch. */
  signal?: AbortSignal | undefined
}

/** Whom a watch tells, besides of what it is about. What these throw is dropped. */
export interface WatchHandlers {
  /** Something is wrong: with the watch, with its right to be one, or with a callback, which threw this. */
  onError?: ((error: IronflowError) => unknown) | undefined
  onStatus?: ((status: WatchStatus) => unknown) | undefined
  /** It is over; with the error that ended it, where it was one. */
  onClose?: ((error?: IronflowError) => unknown) | undefined
}

/**
 * Something that is followed until {@link stop}. Without a callback, its events wait for an iterator, of each key the
 * newest; leaving the loop stops the watch.
 *
 * @example
 * ```ts
 * for await (const event of client.kv().bucket('flags').watch()) apply(event.key, event.data)
 * ```
 */
export interface Watcher<E> extends AsyncIterable<E>, AsyncDisposable {
  /** Resolves when the current values have come. Rejects when the watch ends before. Need not be awaited. */
  readonly ready: Promise<void>
  readonly status: WatchStatus
  /** Ends it: nothing is told any more, also where this is called in a callback. A second call is a no-op. */
  stop(): void
  [Symbol.asyncIterator](): AsyncIterator<E, undefined>
}

/** What a watch needs from the session that it is an entry of. */
export interface WatchHost {
  readonly carrier: Proven & {
    /** How it is with the connection. */
    readonly condition: Condition
  }
  readonly retry: RetryPolicy
  remove(follower: Follower<unknown>): void
  /** Tells the client's `onError`. */
  report(error: IronflowError, method: WatchMethod, attempts: number): void
}

/** The {@link Watcher} that users hold, and the entry in the session that its messages go to. */
export class Follower<E> implements Watcher<E> {
  readonly ready: Promise<void>
  /** Why no connection is to carry it at present. */
  parked: Setback | undefined
  /** Follows the signal that stops it no more. */
  release: (() => void) | undefined
  /** The server has ended this subscription, again and again. */
  setbacks: Setbacks
  /** It has been told all there is, on this connection. */
  isSynced = false
  private readonly replica: ReplicaState
  private settle!: { resolve(): void; reject(error: IronflowError): void }
  private queue: ConflatingQueue<E> | undefined
  private end: { readonly error?: IronflowError | undefined } | undefined
  private readonly teller: StatusTracker<Condition>
  private cancelParking: (() => void) | undefined

  constructor(
    readonly wanted: Omit<Subscription, 'cursor'>,
    readonly kind: WatchKind<E>,
    private readonly tell: ((event: E) => unknown) | undefined,
    readonly handlers: WatchHandlers,
    private readonly host: WatchHost,
  ) {
    this.replica = new ReplicaState(kind, wanted)
    this.setbacks = new Setbacks(host.retry)
    this.teller = new StatusTracker(() => this.current(), host.carrier, handlers.onStatus, { state: 'idle' })
    if (!tell) this.queue = new ConflatingQueue()
    this.ready = new Promise((resolve, reject) => {
      this.settle = { resolve, reject }
    })
    // Whoever does not await it is told by `onError`.
    this.ready.catch(() => undefined)
  }

  get status(): WatchStatus {
    return this.teller.status
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

  /** What to ask for on a connection that begins now. */
  subscription(): Subscription {
    return this.replica.subscription()
  }

  /** Up to here, everything was sent. */
  bookmark(cursor: string): void {
    if (this.isSynced) this.replica.bookmark(cursor)
  }

  /** A message came. */
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
  }

  /** The connection is gone, or its values come again. */
  interrupted(): void {
    this.isSynced = false
  }

  /** Leaves it out of what a connection carries. @param cancel ends the timer that was to change that */
  park(setback: Setback, cancel: () => void): void {
    this.parked = setback
    this.cancelParking = cancel
  }

  /** Connections carry it again. */
  unpark(): void {
    this.cancelParking?.()
    this.parked = this.cancelParking = undefined
  }

  /** Tells of its condition, where that is another than was last told. */
  refresh(): void {
    this.teller.update()
  }

  /** Something is wrong with this watch alone. */
  fail(error: IronflowError): void {
    const { method } = this.kind
    const own = errorOf(method, error)
    callHook(this.handlers.onError, own)
    this.host.report(own, method, this.setbacks.attempts)
  }

  /** Ends it, for good. */
  finish(cause?: IronflowError): void {
    if (this.end) return
    const { method } = this.kind
    const error = cause && errorOf(method, cause)
    this.interrupted()
    this.end = { error }
    this.release?.()
    this.host.remove(this as Follower<unknown>)
    if (error) this.fail(error)
    this.queue?.close(error)
    this.settle.reject(error ?? new IronflowError('the watch was stopped', 'closed', { method }))
    this.refresh()
    callHook(this.handlers.onClose, error)
  }

  private current(): Condition {
    if (this.end) return { state: 'closed', ...this.end }
    const { condition } = this.host.carrier
    if (condition.state === 'closed' || condition.state === 'paused') return condition
    if (this.parked) return this.parked
    return this.isSynced ? { state: 'live', since: this.teller.liveSince } : condition
  }

  private synced(): void {
    if (this.end) return
    this.setbacks = new Setbacks(this.host.retry)
    this.isSynced = true
    this.settle.resolve()
  }

  private deliver(frame: ChangeFrame): void {
    // Looked at each time: the event before may have stopped it.
    if (this.end) return
    const event = this.kind.read(frame)
    this.queue?.push(this.kind.keyOf(frame), event)
    if (!this.tell) return
    try {
      const result = this.tell(event)
      // Not awaited: a slow callback must not hold up the others. But what it rejects with is told.
      if (result !== undefined) Promise.resolve(result).catch((thrown) => this.fail(callbackError(thrown)))
    } catch (thrown) {
      this.fail(callbackError(thrown))
    }
  }
}

/** What a callback threw, as `onError` gets it: a copy, since what was thrown may be of use to others. */
function callbackError(thrown: unknown): IronflowError {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new IronflowError(`a callback threw: ${message}`, 'internal', {
    status: undefined,
    retryable: false,
    cause: thrown,
  })
}
