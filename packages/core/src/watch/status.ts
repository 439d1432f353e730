import type { IronflowError } from '../errors/ironflow-error'
import { callHook } from '../hooks'
import type { TransportKind } from '../transport/transport-selector'

/**
 * A failure, and when the next attempt is due (epoch milliseconds).
 *
 * - `interrupted`: it is tried again; what was reported may be out of date
 * - `unauthorized`: the server does not accept the key, or not for this; tried again every five minutes and with a new key
 */
export interface Setback {
  readonly state: 'interrupted' | 'unauthorized'
  readonly error: IronflowError
  readonly retryAt: number
}

/**
 * The condition of a watch, or of all of a client's.
 *
 * - `idle`: nothing is watched; `connecting`: there is no connection yet, or its values are still coming
 * - `live`: what was reported is what the server has, since then (epoch milliseconds)
 * - `interrupted`, `unauthorized`: see {@link Setback}
 * - `paused`: for those reasons there is no connection at present (a page that is not visible)
 * - `closed`: it is over; with the error that ended it, where it was one
 */
export type Condition =
  | { readonly state: 'idle' }
  | { readonly state: 'connecting' }
  | { readonly state: 'live'; readonly since: number }
  | Setback
  | { readonly state: 'paused'; readonly reasons: readonly string[] }
  | { readonly state: 'closed'; readonly error?: IronflowError | undefined }

interface Proof {
  /** When it was last known to be in sync, epoch milliseconds; absent: never so far. */
  readonly lastSyncedAt?: number | undefined
}

/** The status of one watch. */
export type WatchStatus = Condition & Proof

/** The transport of a client's watches. */
export interface TransportStatus {
  /** The transport that carries the watches. */
  readonly transport: TransportKind
  /** Why `auto` has not taken a WebSocket. */
  readonly transportReason?: string | undefined
}

/** The status of all that a client watches. */
export type ClientStatus = Condition & Proof & TransportStatus & EnvironmentStatus

interface EnvironmentStatus {
  /** The environment of the watches: the client's option, else the one that the server chose. Absent until it has. */
  readonly environment?: string | undefined
}

/** Reports each change of a status, and remembers what a condition alone does not say. */
export class StatusTracker<C extends Condition> {
  /** When it became live, epoch milliseconds. */
  liveSince = 0
  private liveUntil: number | undefined
  private isLive = false
  private reported: string

  /**
   * @param proof when the last message came, epoch milliseconds: the proof that all is well
   * @param first the condition that need not be reported
   */
  constructor(
    private readonly read: () => C,
    private readonly proof: { readonly lastFrameAt: number },
    private readonly onStatus: ((status: C & Proof) => unknown) | undefined,
    first: C,
  ) {
    this.reported = keyOf(first)
  }

  /** The status as it is now. While it is live, every message is a proof of that, whatever it is about. */
  get status(): C & Proof {
    const condition = this.read()
    // What has only just ceased to be live, and was not reported yet, was in sync until now.
    const isProven = this.isLive || condition.state === 'live'
    return { ...condition, lastSyncedAt: isProven ? this.proof.lastFrameAt : this.liveUntil }
  }

  /** Reports the status if it is another than before. */
  update(): void {
    const isLive = this.read().state === 'live'
    if (isLive && !this.isLive) this.liveSince = this.proof.lastFrameAt
    if (!isLive && this.isLive) this.liveUntil = this.proof.lastFrameAt
    this.isLive = isLive
    const { status } = this
    const key = keyOf(status)
    if (key === this.reported) return
    this.reported = key
    callHook(this.onStatus, status)
  }
}

/** Returns the deduplication key: statuses with the same key are reported once. */
function keyOf(condition: Condition): string {
  const { state, error, retryAt, reasons, transport } = condition as Partial<Record<string, string>> & {
    error?: IronflowError
  }
  return [state, error?.message, retryAt, reasons, transport].join()
}
