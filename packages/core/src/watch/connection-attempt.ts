import { IronflowError } from '../errors/ironflow-error'
import { ConnectionError } from '../errors/kinds'
import { normalize } from '../errors/normalize'
import type { ClientFrame, ServerFrame } from '../protocol/frames'
import { type HeartbeatMonitor, silence } from '../transport/heartbeat-monitor'
import type { Link } from '../transport/link'
import { PollConnection } from '../transport/poll'
import { frameError } from '../transport/response-error'
import { SseConnection } from '../transport/sse'
import type { Connection, ConnectionEnd, ConnectionSession } from '../transport/transport'
import type { TransportOption, TransportSelector } from '../transport/transport-selector'
import { WebSocketConnection } from '../transport/websocket'

/** Options of a {@link ConnectionAttempt}, each decided. */
export interface AttemptOptions {
  /** The environment to watch; absent: the key's own decides. */
  readonly environment: string | undefined
  readonly transport: TransportOption
  /** Milliseconds that the `apiKey` function may take, and a transport that the user chose until its first message. */
  readonly attemptTimeoutMs: number
}

/** What a {@link ConnectionAttempt} carries, and the callbacks for what comes of it. */
export interface AttemptSession extends Pick<ConnectionSession, 'subscriptions'> {
  /** The first message came. */
  opened(): void
  /** A message came that is about the session, a subscription or a call. */
  frame(frame: ServerFrame): void
  /** The connection did not come about, ended, kept silent, or sent what cannot be read. */
  failed(end: ConnectionEnd): void
}

/**
 * One connection, from dialling to its end, with the messages that are about the connection itself. After {@link close}
 * it calls nothing back, whatever its transport does: one of the user's may call at any time.
 */
export class ConnectionAttempt {
  /** The server that it is made to. */
  readonly server: string
  private connection: Connection | undefined
  private isOver = false
  private hasBegun = false
  private isOpen = false
  private cancelPatience: (() => void) | undefined

  constructor(
    private readonly link: Link,
    private readonly options: AttemptOptions,
    private readonly selector: TransportSelector,
    private readonly heartbeats: HeartbeatMonitor,
    private readonly session: AttemptSession,
  ) {
    this.server = link.server
  }

  /** Dials, and fails when the first message does not come in time. */
  open(): void {
    const { options, session } = this
    this.expectMessage(options.attemptTimeoutMs)
    try {
      this.connection = this.dial({
        environment: options.environment,
        subscriptions: () => session.subscriptions(),
        begun: () => this.begun(),
        frame: (frame) => this.frame(frame),
        ended: (end) => this.fail(end),
      })
    } catch (thrown) {
      // Only a transport of the user's does that.
      this.fail({ error: normalize(thrown) })
    }
  }

  /** Sends a message; false: another connection is needed. */
  send(frame: ClientFrame): boolean {
    return this.connection?.send(frame) ?? true
  }

  close(): void {
    this.isOver = true
    this.cancelPatience?.()
    this.connection?.close()
  }

  private dial(session: ConnectionSession): Connection {
    const { link } = this
    const { transport } = this.options
    const kind = this.selector.next(link.platform.now())
    if (typeof transport === 'object') return transport.connect(session)
    if (kind === 'sse') return new SseConnection(link, session)
    return kind === 'poll' ? new PollConnection(link, session) : new WebSocketConnection(link, session)
  }

  private begun(): void {
    if (this.isOver) return
    this.hasBegun = true
    this.expectMessage(this.selector.patienceMs)
  }

  private frame(frame: ServerFrame): void {
    if (this.isOver) return
    this.heartbeats.touch()
    try {
      if (!this.isOpen) {
        this.isOpen = true
        this.cancelPatience?.()
        this.session.opened()
      }
      // A callback may have closed it.
      if (!this.isOver) this.read(frame)
    } catch (thrown) {
      // Nothing of the user's throws here, so it is the message: one of some other server.
      const message = `a message of the server cannot be read: ${normalize(thrown).message}`
      this.fail({ error: new IronflowError(message, 'invalid_response', { cause: thrown }) })
    }
  }

  private read(frame: ServerFrame): void {
    if (frame.type === 'welcome') this.heartbeats.start(frame.heartbeatMs)
    if (frame.type === 'goodbye') {
      const { retryAfterMs } = frame
      this.link.leave(this.server)
      this.fail({ error: new ConnectionError('the server goes away', 'connection_failed', { retryAfterMs }) })
    } else if (frame.type === 'error' && frame.sub === undefined) this.fail({ error: frameError(frame) })
    else this.session.frame(frame)
  }

  private expectMessage(ms: number): void {
    const { credentials, platform } = this.link
    this.cancelPatience?.()
    this.cancelPatience = platform.setTimer(() => {
      // A key that does not come is not the server's fault.
      const isSilent = this.hasBegun || !credentials.isAsking
      const what = isSilent ? 'nothing came' : 'the apiKey function did not return'
      this.fail({ ...silence(`${what} within ${ms} ms`), isSilent })
    }, ms)
  }

  private fail(end: ConnectionEnd): void {
    if (!this.isOver) this.session.failed(end)
  }
}
