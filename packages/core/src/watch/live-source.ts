import { within } from '../async/deadline'
import { IronflowError } from '../errors/ironflow-error'
import { NotFoundError } from '../errors/kinds'
import { callBack } from '../hooks'
import type { Change } from './kinds'
import type { LiveKind } from './live-kinds'
import { LiveState } from './live-state'
import type { LiveValue } from './live-value'
import type { Condition, WatchStatus } from './status'
import type { SubscriptionSet, Target } from './subscription-set'
import type { Watcher } from './watcher'

/** Milliseconds for which a watch goes on that is not in use: components come and go. */
const LINGER_MS = 3_000

const IDLE: Condition = Object.freeze({ state: 'idle' })

/**
 * The one watch behind all live values of a target. It begins with the first use, which is a subscriber or a read, and
 * ends when there was none for {@link LINGER_MS}; then the next use begins it again.
 */
export class LiveSource<E extends Change, V, S> {
  status = IDLE
  /** The live values that stand on this source, by the text of their fallback. */
  readonly values = new Map<string, LiveValue<S | undefined>>()
  private readonly state: LiveState<E, V, S>
  private readonly listeners = new Set<() => void>()
  private watcher: Watcher<E> | undefined
  /** Whether there was a read since the timer was set. */
  private isRead = false
  private cancelTimer: (() => void) | undefined
  /** When a watch that has ended was last in sync, epoch milliseconds. */
  private syncedAt: number | undefined

  constructor(
    private readonly subscriptions: SubscriptionSet,
    private readonly kind: Pick<LiveKind<E, V, S, never>, 'watch' | 'entry' | 'snapshot'>,
    private readonly wanted: Target,
  ) {
    this.state = new LiveState(kind)
  }

  get lastSyncedAt(): number | undefined {
    return this.watcher?.status.lastSyncedAt ?? this.syncedAt
  }

  get age(): number {
    const { lastSyncedAt, subscriptions } = this
    return lastSyncedAt === undefined ? Number.POSITIVE_INFINITY : subscriptions.platform.now() - lastSyncedAt
  }

  /** Returns the snapshot; `undefined`: it is not known yet, or there is nothing. */
  read(): S | undefined {
    this.isRead = true
    if (!this.watcher) this.begin()
    return this.state.snapshot
  }

  subscribe(listener: (() => unknown) | undefined): () => void {
    // One entry for each call, also for a listener that subscribes twice.
    const entry = () => callBack(listener, (error) => this.subscriptions.report(error, this.kind.watch.method, 1))
    this.listeners.add(entry)
    if (!this.watcher) this.begin()
    return () => {
      if (this.listeners.delete(entry) && this.listeners.size === 0) this.linger()
    }
  }

  /** Returns why the snapshot is not what the server has, as soon as that is known; `undefined`: it is. */
  async ready(timeoutMs: number): Promise<IronflowError | undefined> {
    const { platform } = this.subscriptions
    let unsubscribe: (() => void) | undefined
    /** The newest of those that are tried again. */
    let problem: IronflowError | undefined
    const known = new Promise<IronflowError | undefined>((resolve) => {
      const look = () => {
        const { state } = this.status
        problem = this.problem ?? problem
        if (state === 'live') resolve(this.read() === undefined ? this.missing() : undefined)
        // Neither changes by itself, but for a key that is replaced.
        else if (state === 'unauthorized' || state === 'closed') resolve(problem)
      }
      unsubscribe = this.subscribe(look)
      look()
    })
    const what = `${this.kind.watch.method} of "${this.wanted.target}" took longer than timeoutMs`
    return within(platform, timeoutMs, what, known)
      .catch((late: IronflowError) => problem ?? late)
      .finally(unsubscribe)
  }

  /** Ends the watch at once, unless there are subscribers. */
  stop(): void {
    const { watcher } = this
    if (this.listeners.size > 0 || !watcher) return
    watcher.stop()
    this.syncedAt = this.lastSyncedAt
    this.watcher = undefined
    this.status = IDLE
    this.cancelTimer?.()
  }

  private get problem(): IronflowError | undefined {
    const { status } = this
    if ('error' in status && status.error) return status.error
    return status.state === 'closed' ? new IronflowError('the client is closed', 'closed') : undefined
  }

  private missing(): IronflowError {
    const { environment } = this.subscriptions.options
    const where = environment === undefined ? '' : ` in environment "${environment}"`
    const message = `there is no config document "${this.wanted.target}"${where}`
    return new NotFoundError(message, 'not_found', { method: this.kind.watch.method })
  }

  private begin(): void {
    this.state.begin()
    const onEvent = (event: E) => this.state.apply(event) && this.notify()
    const onStatus = (status: WatchStatus) => this.changed(status)
    this.watcher = this.subscriptions.watch(this.kind.watch, this.wanted, onEvent, { onStatus }, {})
    this.linger()
  }

  private changed({ lastSyncedAt: _, ...condition }: WatchStatus): void {
    this.status = Object.freeze(condition)
    if (condition.state === 'live') this.state.synced()
    if (condition.state === 'closed') this.cancelTimer?.()
    this.notify()
  }

  private notify(): void {
    // Of a copy: what subscribes now has nothing to hear yet, and what has left hears nothing more.
    for (const listener of [...this.listeners]) if (this.listeners.has(listener)) listener()
  }

  /** Ends the watch if it is not in use for a while from now. */
  private linger(): void {
    this.cancelTimer?.()
    if (this.status.state === 'closed') {
      // What the server has ended may work when it is used again; a client that is closed stays so.
      if (this.problem?.code !== 'closed') this.watcher = undefined
      return
    }
    this.isRead = false
    this.cancelTimer = this.subscriptions.platform.setTimer(() => {
      if (this.isRead) this.linger()
      else this.stop()
    }, LINGER_MS)
  }
}
