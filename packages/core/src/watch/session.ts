import type { IronflowError } from '../errors/ironflow-error'
import { errorOf } from '../errors/kinds'
import { callHook } from '../hooks'
import type { RetryPolicy } from '../pipeline/retry'
import type { Platform } from '../platform'
import type { ServerFrame, SubscribeFrame, Subscription, UnsubscribeFrame } from '../protocol/frames'
import { frameError } from '../transport/response-error'
import type { WatchKind, WatchMethod } from './kinds'
import type { Setback } from './setbacks'
import type { Condition } from './status'
import { Follower, type WatchHandlers, type WatchHost } from './watcher'

/** What carries the session. */
export interface Carrier {
  readonly condition: Condition
  readonly lastFrameAt: number
  /** What is followed has changed by this; a connection that is there is to be told. */
  changed(frame: SubscribeFrame | UnsubscribeFrame): void
  /** There may be more to carry, or less. */
  update(): void
}

/** All that a client watches, whatever connection carries it. */
export class Session implements WatchHost {
  /** Set by the loop, which is made from the session, before anything is followed. */
  carrier!: Carrier
  private readonly followers = new Map<string, Follower<unknown>>()
  private lastId = 0

  constructor(
    private readonly platform: Pick<Platform, 'now' | 'random' | 'setTimer'>,
    readonly retry: RetryPolicy,
    readonly report: WatchHost['report'],
  ) {}

  /** Whether there is a watch that a connection is to carry. */
  get isWanted(): boolean {
    for (const { parked } of this.followers.values()) if (!parked) return true
    return false
  }

  /** Why a watch is not to be carried at present; `undefined`: all are. */
  get setback(): Setback | undefined {
    for (const { parked } of this.followers.values()) if (parked) return parked
    return undefined
  }

  /** Whether every watch that can be is in sync. */
  get isSynced(): boolean {
    for (const follower of this.followers.values()) if (!follower.isSynced && !follower.parked) return false
    return true
  }

  /** Adds a watch. */
  follow<E>(
    kind: WatchKind<E>,
    wanted: Omit<Subscription, 'id' | 'kind' | 'cursor'>,
    tell: ((event: E) => unknown) | undefined,
    handlers: WatchHandlers,
  ): Follower<E> {
    const id = `${++this.lastId}`
    const follower = new Follower({ id, kind: kind.kind, ...wanted }, kind, tell, handlers, this)
    this.followers.set(id, follower as Follower<unknown>)
    this.carrier.changed({ type: 'subscribe', ...follower.subscription() })
    return follower
  }

  remove(follower: Follower<unknown>): void {
    const { id } = follower.wanted
    if (!this.followers.delete(id)) return
    follower.unpark()
    this.carrier.changed({ type: 'unsubscribe', id })
  }

  /** What a connection is to follow. */
  subscriptions(): Subscription[] {
    const followed = [...this.followers.values()].filter((follower) => !follower.parked)
    return followed.map((follower) => follower.subscription())
  }

  /** A message about what is watched came. One about a watch that was stopped meanwhile is dropped. */
  take(frame: ServerFrame): void {
    if (frame.type === 'heartbeat') {
      for (const [id, cursor] of Object.entries(frame.cursors)) this.followers.get(id)?.bookmark(cursor)
    } else if ('sub' in frame && frame.sub !== undefined) {
      const follower = this.followers.get(frame.sub)
      if (!follower || follower.parked) return
      if (frame.type === 'error') this.refuse(follower, frameError(frame))
      else follower.take(frame)
      if (frame.type === 'synced' || frame.type === 'reset') follower.refresh()
    }
  }

  /** The connection is gone. */
  interrupted(): void {
    for (const follower of this.followers.values()) follower.interrupted()
  }

  /** Tells each watch of what has become of it. */
  refresh(): void {
    // Of a copy: a callback may start another watch, which is told by itself.
    for (const follower of [...this.followers.values()]) follower.refresh()
  }

  /** There is another key: what the old one was not allowed may be allowed. Answers whether there is any such watch. */
  rekeyed(): boolean {
    const refused = [...this.followers.values()].filter(({ parked }) => parked?.state === 'unauthorized')
    for (const follower of refused) this.resume(follower)
    return refused.length > 0
  }

  /** Tells every watch that something is wrong with all of them; the client, once for each kind of watch. */
  fail(error: IronflowError, attempts: number): void {
    const errors = new Map<WatchMethod, IronflowError>()
    // Of a copy: a callback may stop watches, which are told nothing more, and start others, which had no part in this.
    for (const [id, { handlers, kind }] of [...this.followers]) {
      const own = errors.get(kind.method) ?? errorOf(kind.method, error)
      errors.set(kind.method, own)
      if (this.followers.has(id)) callHook(handlers.onError, own)
    }
    for (const [method, own] of errors) this.report(own, method, attempts)
  }

  /**
   * Ends every watch, since the server says that something is wrong with all of them: an environment that does not
   * exist. Returns whether there was any. A 400 that names nothing is another server's, and ends none.
   */
  reject(error: IronflowError & { fields?: Record<string, string> }): boolean {
    const before = this.followers.size
    if (Object.keys(error.fields ?? {}).length > 0) for (const each of [...this.followers.values()]) each.finish(error)
    return this.followers.size < before
  }

  /** Ends every watch. */
  close(): void {
    for (const follower of this.followers.values()) follower.finish()
  }

  /** The server has ended one subscription: for good, or to be tried again later. */
  private refuse(follower: Follower<unknown>, error: IronflowError): void {
    const { status, retryable } = error
    if (status !== 401 && status !== 403 && !retryable) {
      follower.finish(error)
      return
    }
    follower.interrupted()
    const { platform } = this
    const now = platform.now()
    const { setback, isTold } = follower.setbacks.judge(error, now, platform.random())
    follower.park(
      setback,
      platform.setTimer(() => this.resume(follower), setback.retryAt - now),
    )
    if (isTold) follower.fail(error)
    follower.refresh()
    this.carrier.update()
  }

  private resume(follower: Follower<unknown>): void {
    follower.unpark()
    this.carrier.changed({ type: 'subscribe', ...follower.subscription() })
    follower.refresh()
  }
}
