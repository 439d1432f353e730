import type { Platform } from '../platform'
import type { Link } from './link'
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

/** Opens the connections of one client, one after the other, and decides which transport each one is. */
export class Dialer {
  private choice: Choice = FIRST_CHOICE

  /**
   * @param link is left when the server keeps silent: the next connection may do better with another
   * @param fixed the only transport to be used; absent: `auto`
   * @param fixedPatienceMs how long a fixed one may take until its first message, in milliseconds
   */
  constructor(
    private readonly link: Pick<Link, 'leave' | 'server'> & { readonly platform: Pick<Platform, 'now'> },
    private readonly fixed: TransportKind | undefined,
    private readonly fixedPatienceMs: number,
    private readonly connect: (kind: TransportKind, session: ConnectionSession) => Connection,
  ) {
    if (fixed) this.choice = { trying: fixed, proven: fixed, fellAt: 0 }
  }

  /** The server that the next connection is made to. */
  get server(): string {
    return this.link.server
  }

  /** How long a connection may take until its first message, in milliseconds. */
  get patienceMs(): number {
    return this.fixed ? this.fixedPatienceMs : AUTO_PATIENCE_MS
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
    if (this.fixed || proven === 'websocket') return undefined
    return Math.max(0, fellAt + RECHECK_MS - this.now)
  }

  /** The next connection is to be a WebSocket. */
  recheck(): void {
    this.choice = recheck(this.choice, this.now)
  }

  dial(session: ConnectionSession): Connection {
    if (!this.fixed) this.choice = whenDialling(this.choice, this.now)
    return this.connect(this.choice.trying, session)
  }

  /** The server goes away. */
  leave(): void {
    this.link.leave()
  }

  opened(): void {
    this.choice = afterOpening(this.choice)
  }

  /** Answers whether the next connection is no repetition but of another kind, and so to be made at once. */
  failed(failed: FailedConnection): boolean {
    const { choice } = this
    if (failed.isSilent) this.leave()
    if (this.fixed) return false
    this.choice = afterFailure(choice, failed, this.now)
    return this.choice.doubt !== undefined && this.choice.trying !== choice.trying
  }

  private get now(): number {
    return this.link.platform.now()
  }
}
