import { errorFor, isIronflowError } from '@ironflow/core/errors'
import type { Authenticator } from '../dispatch/authenticate'
import { beyondLimit } from '../limits'
import { Heartbeat } from './heartbeat'
import type { WatchParts } from './parts'
import { Session, type SessionOwner } from './session'

/** The least a client is told to wait when the server goes, in milliseconds. */
const GOODBYE_MS = 500
/** How far the others' returns are spread: so much for each of them, within bounds. */
const SPREAD_MS_PER_SESSION = 2
const MIN_SPREAD_MS = 1_000
const MAX_SPREAD_MS = 10_000

/** All that watch by this process: they are counted, kept awake, and ended with their keys. */
export class Watching {
  /** By the hash of their key. */
  private readonly sessions = new Map<string | undefined, Set<Session>>()
  private readonly heartbeat: Heartbeat
  private count = 0
  private isChecking = false
  private isDraining = false

  constructor(
    readonly parts: WatchParts,
    private readonly authenticator: Authenticator,
    private readonly random: () => number = Math.random,
  ) {
    this.heartbeat = new Heartbeat(parts.heartbeatMs, () => void this.checkKeys())
  }

  /** How many sessions there are. */
  get size(): number {
    return this.count
  }

  /** Looks whether one more session may be opened. @throws rate_limited, `unavailable` while the server stops */
  admit(keyHash: string | undefined): void {
    const { limits } = this.parts
    if (this.isDraining) {
      throw errorFor('unavailable', 'the server is shutting down', { retryAfterMs: this.returnTime() })
    }
    if (this.count >= limits.streams) {
      throw beyondLimit('rate_limited', 'too many open streams for this server', 'streams', limits)
    }
    if ((this.sessions.get(keyHash)?.size ?? 0) >= limits.streamsPerKey) {
      throw beyondLimit('rate_limited', 'too many open streams for this API key', 'streamsPerKey', limits)
    }
  }

  /** Opens a session. @throws as {@link admit} */
  open(owner: SessionOwner): Session {
    this.admit(owner.keyHash)
    const session = new Session(this.parts, owner, (ended) => this.forget(ended))
    const others = this.sessions.get(owner.keyHash)
    if (others) others.add(session)
    else this.sessions.set(owner.keyHash, new Set([session]))
    this.count++
    this.heartbeat.add(session)
    return session
  }

  /** Says goodbye to everybody, and opens nothing more. */
  drain(): void {
    this.isDraining = true
    for (const session of this.all()) session.goodbye(this.returnTime())
  }

  /** What happens every second: heartbeats that are due, and a look at the keys. For tests that have no time. */
  tick(): void {
    this.heartbeat.tick()
  }

  private *all(): Generator<Session> {
    for (const sessions of [...this.sessions.values()]) yield* [...sessions]
  }

  /** Ends the sessions whose keys are over: revoked, expired, or replaced by ones that may less. */
  private async checkKeys(): Promise<void> {
    if (this.isChecking) return
    this.isChecking = true
    try {
      for (const [keyHash, sessions] of [...this.sessions]) {
        if (keyHash !== undefined) await this.checkKey(keyHash, sessions)
      }
    } finally {
      this.isChecking = false
    }
  }

  private async checkKey(keyHash: string, sessions: ReadonlySet<Session>): Promise<void> {
    try {
      const principal = this.authenticator.known(keyHash) ?? (await this.authenticator.verify(keyHash))
      for (const session of sessions) if (session.principal !== principal) session.principal = principal
    } catch (error) {
      // A key that cannot be checked now is not a wrong one.
      if (!isIronflowError(error) || error.code !== 'unauthenticated') return
      for (const session of [...sessions]) session.end(error)
    }
  }

  private forget(session: Session): void {
    const { keyHash } = session
    const sessions = this.sessions.get(keyHash)
    sessions?.delete(session)
    if (sessions?.size === 0) this.sessions.delete(keyHash)
    this.count--
    this.heartbeat.remove(session)
  }

  private returnTime(): number {
    const spread = Math.min(MAX_SPREAD_MS, Math.max(MIN_SPREAD_MS, this.count * SPREAD_MS_PER_SESSION))
    return Math.round(GOODBYE_MS + this.random() * spread)
  }
}
