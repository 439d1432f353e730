import type { ConnectionEnd, Transport } from './transport'

/** What a client's `transport` may name. */
export const TRANSPORTS = ['auto', 'websocket', 'sse', 'poll'] as const

/** What may carry calls and watches: see `ClientOptions.transport`. */
export type TransportOption = (typeof TRANSPORTS)[number] | Transport

/** What carries watches; `custom`: a transport of the user's. */
export type TransportKind = 'websocket' | 'sse' | 'poll' | 'custom'

/** How long `auto` lives with less than a WebSocket before it tries one again, in milliseconds. */
export const RECHECK_MS = 300_000

/** How long it does so where the WebSocket may have failed for another reason, in milliseconds. */
const CONFIRM_MS = 15_000

/** How long `auto` gives a transport until its first message, in milliseconds. */
const AUTO_PATIENCE_MS = 5_000

/** HTTP responses to an upgrade that say nothing about WebSockets: the server, or a proxy, speaks for itself. */
const HONEST_STATUSES = [401, 403, 429, 503]

/** How a connection failed. */
export interface FailedConnection extends ConnectionEnd {
  /** It was open before. */
  readonly wasOpen: boolean
}

/**
 * Chooses the transport of each connection of a client, and knows which one works. Pure: time comes in.
 *
 *     websocket ── the upgrade got another response, or none ──► sse ── nothing came ──► poll
 *         ▲                                                       │                       │
 *         └──────────── did not open either, or after 5 minutes ──┴───────────────────────┘
 *
 * That is `auto`. Every step down is a trial, and counts only when it opens: where nothing works, the server is what is
 * wrong, and the transport stays what it was. Any other choice of the user's is final.
 */
export class TransportSelector {
  /** The transport that opened last; at first, the best one. */
  kind: TransportKind
  /** Why that is not a WebSocket, where `auto` has found that none works. */
  reason: string | undefined
  /** How long a connection may take until its first message, in milliseconds. */
  readonly patienceMs: number
  private readonly isFixed: boolean
  private trying: TransportKind
  /** What speaks against a WebSocket, if the transport that is tried now turns out to work. */
  private doubt: string | undefined
  /** When a WebSocket was last tried in vain, epoch milliseconds. */
  private fellAt = 0

  /** @param fixedPatienceMs how long a transport that the user chose may take until its first message, in milliseconds */
  constructor(option: TransportOption, fixedPatienceMs: number) {
    this.isFixed = option !== 'auto'
    this.patienceMs = this.isFixed ? fixedPatienceMs : AUTO_PATIENCE_MS
    this.kind = this.trying = option === 'auto' ? 'websocket' : typeof option === 'string' ? option : 'custom'
  }

  /** Returns milliseconds until a WebSocket is to be tried again; `undefined`: it is one, or is to be none. */
  recheckMs(now: number): number | undefined {
    if (this.isFixed || this.kind === 'websocket') return undefined
    return Math.max(0, this.fellAt + RECHECK_MS - now)
  }

  /** Makes the next connection a WebSocket. */
  recheck(now: number): void {
    this.trying = 'websocket'
    this.doubt = undefined
    this.fellAt = now
  }

  /** Returns the transport of a connection that is made now: a WebSocket again, after a while. */
  next(now: number): TransportKind {
    if (this.trying === this.kind && this.recheckMs(now) === 0) this.recheck(now)
    return this.trying
  }

  /** Notes that the connection opened. */
  opened(): void {
    if (this.trying !== this.kind) this.reason = this.doubt
    this.kind = this.trying
    this.doubt = undefined
  }

  /** Returns whether the next connection is no repetition but of another kind, and so to be made at once. */
  failed(failed: FailedConnection, now: number): boolean {
    const { trying, kind } = this
    if (this.isFixed) return false
    this.trying = kind
    this.doubt = doubtAbout(trying, failed)
    if (this.doubt === undefined) return false
    if (trying === 'sse') {
      this.trying = 'poll'
      return true
    }
    // Browsers do not say whether there was a response, proxies respond for a server that is down, and one that hangs
    // keeps silent. Perhaps it has only just come up: so a WebSocket is tried again soon, once.
    const isUnsure = failed.isOpaque || failed.isSilent || (failed.error.status ?? 0) >= 500
    // Where less has worked before, it will do so again.
    const isFirst = kind === 'websocket'
    if (isFirst) this.trying = 'sse'
    this.fellAt = isFirst && isUnsure ? now - RECHECK_MS + CONFIRM_MS : now
    return true
  }
}

/** Returns why another transport may do better; `undefined`: nothing says that it would. */
function doubtAbout(kind: TransportKind, { error, wasOpen, isSilent, isOpaque }: FailedConnection): string | undefined {
  if (kind === 'sse') return isSilent ? 'nothing came on the event stream' : undefined
  if (kind !== 'websocket' || wasOpen) return undefined
  if (isSilent) return 'no welcome came on the WebSocket'
  if (isOpaque) return error.message
  const { status } = error
  return status === undefined || HONEST_STATUSES.includes(status)
    ? undefined
    : `the upgrade got a response of ${status}`
}
