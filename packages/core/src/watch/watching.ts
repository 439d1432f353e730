import { onAbort } from '../async/abort'
import { IronflowError } from '../errors/ironflow-error'
import { type OnError, report } from '../hooks'
import type { Platform } from '../platform'
import type { Subscription } from '../protocol/frames'
import type { Credentials } from '../transport/credentials'
import { Dialer } from '../transport/dialer'
import { Link, type LinkOptions } from '../transport/link'
import { PollConnection } from '../transport/poll'
import type { TransportKind, TransportOption } from '../transport/select'
import { SocketCalls } from '../transport/socket-calls'
import { SseConnection } from '../transport/sse'
import type { Caller, Connection, ConnectionSession } from '../transport/transport'
import { WebSocketConnection } from '../transport/websocket'
import type { WatchKind } from './kinds'
import { Loop, type LoopOptions } from './loop'
import { Session } from './session'
import { type ClientStatus, type Condition, StatusTracker } from './status'
import type { Watcher, WatchHandlers, WatchOptions } from './watcher'

/** Options of {@link Watching}, each decided. */
export interface WatchingOptions extends LoopOptions {
  readonly transport: TransportOption
  readonly onError?: OnError | undefined
  readonly onStatus?: ((status: ClientStatus) => unknown) | undefined
}

/** All that a client watches, and the one connection that carries it: put together here, from the client's options. */
export class Watching {
  /** What carries calls, where that is the same connection. */
  readonly caller: Caller | undefined
  private readonly link: Link
  private readonly session: Session
  private readonly loop: Loop
  private readonly dialer: Dialer
  private readonly teller: StatusTracker<ClientStatus>

  constructor(
    private readonly options: WatchingOptions & LinkOptions,
    private readonly credentials: Credentials,
    platform: Platform,
  ) {
    const { transport, attemptTimeoutMs, environment, retry } = options
    this.link = new Link(options, credentials, platform)
    const fixed = transport === 'auto' ? undefined : typeof transport === 'string' ? transport : 'custom'
    this.dialer = new Dialer(this.link, fixed, attemptTimeoutMs, (kind, session) => this.connect(kind, session))
    this.session = new Session(platform, retry, (error, method, attempts) => {
      report(options.onError, error, { method, endpoint: this.endpoint(), attempts, environment })
    })
    this.loop = new Loop(this.session, this.dialer, credentials, options, platform, () => this.teller.update())
    if (transport === 'websocket') {
      this.caller = this.loop.calls = new SocketCalls(this.loop, () => this.endpoint(), platform)
    }
    credentials.onNewKey = () => this.loop.rekeyed()
    this.teller = new StatusTracker(() => this.current(), this.loop, options.onStatus, this.current())
  }

  /** Begins to watch. Never throws: what is wrong is told to whom a watch tells things. */
  watch<E>(
    kind: WatchKind<E>,
    wanted: Omit<Subscription, 'id' | 'kind' | 'cursor'>,
    tell: ((event: E) => unknown) | undefined,
    handlers: WatchHandlers,
    { signal }: WatchOptions,
  ): Watcher<E> {
    const watcher = this.session.follow(kind, wanted, tell, handlers)
    if (this.loop.condition.state === 'closed') watcher.finish(new IronflowError('the client is closed', 'closed'))
    else if (signal?.aborted) watcher.stop()
    else if (signal) watcher.release = onAbort(signal, () => watcher.stop())
    return watcher
  }

  status(): ClientStatus {
    return this.teller.status
  }

  /** A call was answered: the server can be reached. */
  answered(): void {
    this.loop.answered()
  }

  /** Ends every watch, and the connection. A second call is a no-op. */
  close(): void {
    this.credentials.onNewKey = undefined
    this.caller?.close()
    this.loop.close()
  }

  private condition(): Condition {
    const { condition, isOpen } = this.loop
    const { isSynced, setback } = this.session
    // What is left out is not in sync, whatever the others are.
    if (setback && (isOpen ? isSynced : condition.state === 'idle')) return setback
    return isOpen && isSynced ? { state: 'live', since: this.teller.liveSince } : condition
  }

  private current(): ClientStatus {
    const { kind: transport, reason: transportReason } = this.dialer
    return { ...this.condition(), transport, transportReason }
  }

  private connect(kind: TransportKind, session: ConnectionSession): Connection {
    const { transport } = this.options
    if (typeof transport === 'object') return transport.connect(session)
    if (kind === 'sse') return new SseConnection(this.link, session)
    return kind === 'poll' ? new PollConnection(this.link, session) : new WebSocketConnection(this.link, session)
  }

  private endpoint(): string {
    const { kind } = this.dialer
    return kind === 'custom' ? kind : `${this.link.server}/api/v1/${kind === 'websocket' ? 'ws' : 'watch'}`
  }
}
