import {
  afterFailure,
  afterOpening,
  type Choice,
  type FailedConnection,
  FIRST_CHOICE,
  RECHECK_MS,
  recheck,
  type TransportKind,
  whenDialling,
} from './select'
import type { Connection, ConnectionSession } from './transport'

/** How long `auto` gives a transport until its first message, in milliseconds. */
const AUTO_PATIENCE_MS = 5_000

/** What connections are made by. */
export interface DialerParts {
  /** The only transport to be used; absent: `auto`. */
  readonly fixed: TransportKind | undefined
  /** How long a fixed one may take until its first message, in milliseconds. */
  readonly patienceMs: number
  connect(kind: TransportKind, session: ConnectionSession): Connection
  /** The server goes away or keeps silent: the next connection may do better with another. */
  leave(): void
  now(): number
}

/** Opens the connections of one client, one after the other, and decides which transport each one is. */
export class Dialer {
  /** How long a connection may take until its first message, in milliseconds. */
  readonly patienceMs: number
  private choice: Choice

  constructor(private readonly parts: DialerParts) {
    const { fixed, patienceMs } = parts
    this.patienceMs = fixed ? patienceMs : AUTO_PATIENCE_MS
    this.choice = fixed ? { trying: fixed, proven: fixed, fellAt: 0 } : FIRST_CHOICE
  }

  /** The transport that works, as far as is known. */
  get kind(): TransportKind {
    return this.choice.proven
  }

  /** Why it is not a WebSocket, where `auto` has found that none works. */
  get reason(): string | undefined {
    return this.choice.reason
  }

  /** When a WebSocket is to be tried again, in milliseconds from now; `undefined`: it is one, or is to be none. */
  get recheckMs(): number | undefined {
    const { proven, fellAt } = this.choice
    if (this.parts.fixed || proven === 'websocket') return undefined
    return Math.max(0, fellAt + RECHECK_MS - this.parts.now())
  }

  /** The next connection is to be a WebSocket. */
  recheck(): void {
    this.choice = recheck(this.choice, this.parts.now())
  }

  dial(session: ConnectionSession): Connection {
    const { parts } = this
    if (!parts.fixed) this.choice = whenDialling(this.choice, parts.now())
    return parts.connect(this.choice.trying, session)
  }

  /** The server goes away. */
  leave(): void {
    this.parts.leave()
  }

  opened(): void {
    this.choice = afterOpening(this.choice)
  }

  /** Answers whether the next connection is no repetition but of another kind, and so to be made at once. */
  failed(failed: FailedConnection): boolean {
    const { parts, choice } = this
    if (failed.isSilent) parts.leave()
    if (parts.fixed) return false
    this.choice = afterFailure(choice, failed, parts.now())
    return this.choice.doubt !== undefined && this.choice.trying !== choice.trying
  }
}
