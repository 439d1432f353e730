import { errorFor, type IronflowError, invalid } from '@ironflow/core/errors'
import { type GoodbyeFrame, parseClientFrame, type ReceivedFrame, type Subscription } from '@ironflow/core/protocol'
import { failure } from '../dispatch/failure'
import type { ServerCore } from '../server-core'
import type { TurnShare } from '../turn-share'
import type { Session } from '../watch/session'
import type { Sink } from '../watch/sink'
import { SocketCalls } from './socket-calls'
import type { SocketPeer } from './socket-peer'
import type { WatchCaller } from './watch-caller'

/** Foundations of the WebSocket binding. */
export interface SocketParts {
  readonly core: ServerCore
  /** Time for the messages of all sockets. */
  readonly messageTime: TurnShare
}

const CLOSE = { normal: 1000, goingAway: 1001, unsupported: 1003, policy: 1008 } as const

/**
 * The messages of one WebSocket, in both directions. What the client sends is handled in its order, each message as soon
 * as there is room for what it brings about, and time: however many come at once, others have their turns in between.
 * While messages wait, or the client does not read, nothing more is read.
 *
 * When the server stops, the session's goodbye waits until every call that was begun has its reply. Calls that come until
 * then are refused; what comes later is not even looked at. So a client may repeat every call that has no reply.
 */
export class SocketSession implements Sink {
  readonly transport = 'websocket'
  private readonly session: Session
  private readonly calls: SocketCalls
  /** Messages that wait for room, the oldest first. */
  private readonly inbox: string[] = []
  /** The oldest of them, parsed. */
  private next: ReceivedFrame | undefined
  /** The goodbye that waits for replies. */
  private goodbye: { readonly text: string; readonly refusal: IronflowError } | undefined
  private isPaused = false
  /** Whether messages wait for their turn, not only for room. */
  private awaitsTurn = false
  private isOver = false

  /** @throws as `Watching.open`, and what keeps the one thing of the route from being watched */
  constructor(
    private readonly parts: SocketParts,
    private readonly peer: SocketPeer,
    caller: WatchCaller,
    private readonly one: Subscription | undefined,
    remoteAddress: string | undefined,
  ) {
    this.calls = new SocketCalls(parts.core, { ...caller, remoteAddress }, peer, () => this.proceed())
    this.session = parts.core.watching.open({ ...caller, sink: this })
    this.session.welcome()
    if (one) this.subscribe(one)
  }

  get ready(): boolean {
    return this.peer.ready
  }

  send(type: string, text: string): void {
    if (type !== 'goodbye') {
      this.peer.send(text)
      return
    }
    const { retryAfterMs } = JSON.parse(text) as GoodbyeFrame
    this.goodbye = { text, refusal: errorFor('unavailable', 'the server is shutting down', { retryAfterMs }) }
  }

  settled(): void {
    // A socket goes on.
  }

  end(error?: Error): void {
    if (error) this.close(CLOSE.policy, 'see the error message')
    else if (this.goodbye) this.proceed()
    else this.close(CLOSE.normal, '')
  }

  /** The client sent something. */
  message(text: string): void {
    if (this.isOver) return
    this.inbox.push(text)
    if (this.inbox.length === 1) this.proceed()
  }

  /** The client sent bytes, which have no meaning here. */
  binary(): void {
    this.close(CLOSE.unsupported, 'messages are text')
  }

  /** The peer takes more. */
  drained(): void {
    this.session.drained()
    this.proceed()
  }

  /** The peer is gone. */
  closed(): void {
    this.isOver = true
    this.session.end()
  }

  /**
   * Handles the messages that there is room and time for, and says goodbye if it is time to.
   *
   * @param hasTurn whether it is this socket's turn: then one message is handled in any case
   */
  private proceed(hasTurn = false): void {
    const { inbox, peer, parts } = this
    const { messageTime } = parts
    for (let isFirst = hasTurn; !this.isOver && inbox.length > 0 && peer.ready; isFirst = false) {
      if (messageTime.isUsedUp && !isFirst) {
        void this.awaitTurn()
        break
      }
      if (!messageTime.spend(() => this.handleNext(inbox[0] as string))) break
      inbox.shift()
      this.next = undefined
    }
    if (this.isOver) return
    if (this.goodbye && this.calls.isIdle) {
      peer.send(this.goodbye.text)
      this.close(CLOSE.goingAway, 'goodbye')
    } else {
      this.pause(inbox.length > 0 || !peer.ready)
    }
  }

  private async awaitTurn(): Promise<void> {
    if (this.awaitsTurn) return
    this.awaitsTurn = true
    await this.parts.messageTime.turn(this)
    this.awaitsTurn = false
    this.proceed(true)
  }

  /** Handles the oldest message, if there is room; returns whether there was. */
  private handleNext(text: string): boolean {
    this.next ??= parseClientFrame(text, this.parts.core.options.limits)
    return this.handle(this.next, text.length)
  }

  private handle(received: ReceivedFrame, bytes: number): boolean {
    const { frame, error, sub, call } = { sub: undefined, call: undefined, frame: undefined, ...received }
    if (frame?.type === 'call' && !this.one) {
      if (this.goodbye) this.calls.refuse(frame.id, this.goodbye.refusal, frame.requestId)
      else if (!this.calls.hasRoomFor({ frame, bytes })) return false
      else void this.calls.run({ frame, bytes })
    } else if (error) {
      if (sub !== undefined) {
        // What it was meant to replace is not followed any more either.
        this.session.unsubscribe(sub)
        this.session.sendError(error, sub)
      } else if (call !== undefined) this.calls.refuse(call, error)
      else this.session.end(error)
    } else if (this.one) {
      this.session.end(invalid({ message: 'has no meaning on a route that watches one thing' }))
    } else if (frame?.type === 'subscribe') {
      const { type: _, ...subscription } = frame
      this.subscribe(subscription)
    } else if (frame?.type === 'unsubscribe') {
      this.session.unsubscribe(frame.id)
    }
    return true
  }

  private subscribe(subscription: Subscription): void {
    if (!this.one) {
      this.session.subscribeOrTell(subscription)
      return
    }
    try {
      this.session.subscribe(subscription, false)
    } catch (thrown) {
      this.session.end(failure(thrown))
    }
  }

  private pause(isPaused: boolean): void {
    if (isPaused === this.isPaused) return
    this.isPaused = isPaused
    if (isPaused) this.peer.pause()
    else this.peer.resume()
  }

  /** Closes. What the client still sends is read and dropped: left unread, it would make its kernel drop our last words. */
  private close(code: number, reason: string): void {
    this.isOver = true
    this.inbox.length = 0
    this.pause(false)
    this.peer.close(code, reason)
  }
}
