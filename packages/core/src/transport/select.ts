import type { ConnectionEnd, Transport } from './transport'

/** What a client's `transport` may name. */
export const TRANSPORTS = ['auto', 'websocket', 'sse', 'poll'] as const

/** What may carry calls and watches: see `ClientOptions.transport`. */
export type TransportOption = (typeof TRANSPORTS)[number] | Transport

/** What carries watches; `custom`: a transport of the user's. */
export type TransportKind = 'websocket' | 'sse' | 'poll' | 'custom'

/**
 * Which transport `auto` uses: a pure decision.
 *
 *     websocket ── the upgrade got another answer, or none ──► sse ── nothing came ──► poll
 *         ▲                                                     │                       │
 *         └──────────── did not open either, or after 5 minutes ┴───────────────────────┘
 *
 * Every step down is a trial, and counts only when it opens: where nothing works, the server is what is wrong, and the
 * transport stays what it was.
 */
export interface Choice {
  /** What the next connection is to be. */
  readonly trying: TransportKind
  /** What the last connection that worked was; at first, what is best. */
  readonly proven: TransportKind
  /** Why that is not a WebSocket. */
  readonly reason?: string | undefined
  /** What speaks against a WebSocket, if the one that is tried now turns out to work. */
  readonly doubt?: string | undefined
  /** When a WebSocket was last tried in vain, epoch milliseconds. */
  readonly fellAt: number
}

/** Where `auto` begins. */
export const FIRST_CHOICE: Choice = { trying: 'websocket', proven: 'websocket', fellAt: 0 }

/** How long `auto` lives with less than a WebSocket before it tries one again, in milliseconds. */
export const RECHECK_MS = 300_000

/** How long it does so where the WebSocket may have failed for another reason, in milliseconds. */
const CONFIRM_MS = 15_000

/** HTTP answers to an upgrade that say nothing about WebSockets: the server, or who stands before it, answers for itself. */
const HONEST_ANSWERS = [401, 403, 429, 503]

/** How a connection failed. */
export interface FailedConnection extends ConnectionEnd {
  /** It was open before. */
  readonly wasOpen: boolean
}

/** The choice after the connection opened. */
export function afterOpening({ trying, proven, reason, doubt, fellAt }: Choice): Choice {
  return { trying, proven: trying, reason: trying === proven ? reason : doubt, fellAt }
}

/** The choice after the connection failed. */
export function afterFailure(choice: Choice, failed: FailedConnection, now: number): Choice {
  const { trying, proven } = choice
  const doubt = doubtAbout(trying, failed)
  if (doubt === undefined) return { ...choice, trying: proven, doubt }
  if (trying === 'sse') return { ...choice, trying: 'poll', doubt }
  // Where less has worked before, it will do so again.
  if (proven !== 'websocket') return { ...choice, trying: proven, doubt, fellAt: now }
  // Browsers do not say whether anybody answered, proxies answer for a server that is down, and one that hangs keeps
  // silent. Perhaps it has only just come up: so a WebSocket is tried again soon, once.
  const isUnsure = failed.isOpaque || failed.isSilent || (failed.error.status ?? 0) >= 500
  return { ...choice, trying: 'sse', doubt, fellAt: isUnsure ? now - RECHECK_MS + CONFIRM_MS : now }
}

/** The choice for the next connection: a WebSocket again, after a while. */
export function whenDialling(choice: Choice, now: number): Choice {
  const isDue = choice.proven !== 'websocket' && choice.trying === choice.proven && now - choice.fellAt >= RECHECK_MS
  return isDue ? recheck(choice, now) : choice
}

/** The choice when it is time for a WebSocket again. */
export function recheck(choice: Choice, now: number): Choice {
  return { ...choice, trying: 'websocket', doubt: undefined, fellAt: now }
}

/** Why another transport may do better; `undefined`: nothing says that it would. */
function doubtAbout(kind: TransportKind, { error, wasOpen, isSilent, isOpaque }: FailedConnection): string | undefined {
  if (kind === 'sse') return isSilent ? 'nothing came on the event stream' : undefined
  if (kind !== 'websocket' || wasOpen) return undefined
  if (isSilent) return 'no welcome came on the WebSocket'
  if (isOpaque) return error.message
  const { status } = error
  return status === undefined || HONEST_ANSWERS.includes(status) ? undefined : `the upgrade was answered with ${status}`
}
