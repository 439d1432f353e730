import type { IronflowError } from '../errors/ironflow-error'
import { callHook } from '../hooks'
import type { TransportKind } from '../transport/select'

/**
 * How it is with a watch, or with all of a client's.
 *
 * - `idle`: nothing is watched; `connecting`: there is no connection yet, or its values are still coming
 * - `live`: what was told is what the server has, since then
 * - `interrupted`: it failed and is tried again; what was told may be out of date
 * - `unauthorized`: the server does not accept the key, or not for this; tried again every five minutes and with a new key
 * - `paused`: for those reasons there is no connection at present (a page that nobody sees)
 * - `closed`: it is over; with the error that ended it, where it was one
 *
 * Times are epoch milliseconds.
 */
export type Condition =
  | { readonly state: 'idle' }
  | { readonly state: 'connecting' }
  | { readonly state: 'live'; readonly since: number }
  | { readonly state: 'interrupted'; readonly error: IronflowError; readonly retryAt: number }
  | { readonly state: 'unauthorized'; readonly error: IronflowError; readonly retryAt: number }
  | { readonly state: 'paused'; readonly reasons: readonly string[] }
  | { readonly state: 'closed'; readonly error?: IronflowError | undefined }

interface Proof {
  /** When it was last known to be in sync; absent: never so far. */
  readonly lastSyncedAt?: number | undefined
}

/** How it is with one watch. */
export type WatchStatus = Condition & Proof

/** How it is with all that a client watches. */
export type ClientStatus = Condition &
  Proof & {
    /** What carries the watches. */
    readonly transport: TransportKind
    /** Why `auto` has not taken a WebSocket. */
    readonly transportReason?: string | undefined
  }

/** What shows that all is well. */
export interface Proven {
  /** When the last message came, epoch milliseconds. */
  readonly lastFrameAt: number
}

/** Tells how it is whenever that is another, and remembers what a condition alone does not say. */
export class StatusTracker<C extends Condition> {
  /** When it became live, epoch milliseconds. */
  liveSince = 0
  private liveUntil: number | undefined
  private isLive = false
  private told: string

  /** @param first what goes without saying */
  constructor(
    private readonly read: () => C,
    private readonly proof: Proven,
    private readonly onStatus: ((status: C & Proof) => unknown) | undefined,
    first: Condition,
  ) {
    this.told = textOf(first)
  }

  /** While it is live, every message is a proof of that, whatever it is about. */
  get status(): C & Proof {
    const condition = this.read()
    // What has only just ceased to be live, and was not told yet, was in sync until now.
    const isProven = this.isLive || condition.state === 'live'
    return { ...condition, lastSyncedAt: isProven ? this.proof.lastFrameAt : this.liveUntil }
  }

  /** It may be another now. */
  update(): void {
    const isLive = this.read().state === 'live'
    if (isLive && !this.isLive) this.liveSince = this.proof.lastFrameAt
    if (!isLive && this.isLive) this.liveUntil = this.proof.lastFrameAt
    this.isLive = isLive
    const { status } = this
    const text = textOf(status)
    if (text === this.told) return
    this.told = text
    callHook(this.onStatus, status)
  }
}

/** By what somebody who was told of the one need not be told of the other. */
function textOf(condition: Condition): string {
  const { state, error, retryAt, reasons, transport } = condition as Partial<Record<string, string>> & {
    error?: IronflowError
  }
  return [state, error?.message, retryAt, reasons, transport].join()
}
