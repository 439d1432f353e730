import { errorFor, invalid, toProblem, UnauthorizedError } from '@ironflow/core/errors'
import {
  type CallFrame,
  encodeFrame,
  HEADERS,
  methodRow,
  parseClientFrame,
  type ReplyFrame,
  SUBPROTOCOL,
  type Subscription,
} from '@ironflow/core/protocol'
import type { Dispatcher } from '../dispatch/dispatch'
import { failure } from '../dispatch/failure'
import type { Observer } from '../observe/observer'
import { expectRight } from '../watch/rights'
import type { Session } from '../watch/session'
import type { Sink } from '../watch/sink'
import type { Cors } from './cors'
import { bearerKey } from './headers'
import { expectLoopback } from './loopback'
import type { HttpRequest } from './message'
import { requestIdFrom } from './request-id'
import { parseTarget } from './target'
import type { WatchBindingParts } from './watch'
import { findWatchRoute, subscriptionOf, watchQuery } from './watch-routes'
import { identify, type Watcher } from './watcher'

/** What the WebSocket binding stands on. */
export interface SocketParts extends WatchBindingParts {
  readonly dispatcher: Dispatcher
  readonly observer: Observer
  readonly cors: Cors
  /** Whether there is no authentication: then only this machine is answered. */
  readonly dev: boolean
}

/** A WebSocket as the binding sees it, whoever implements it. Nothing here throws, also when the peer is gone. */
export interface SocketPeer {
  /** Whether it takes more now; where not, {@link SocketSession.drained} is called later. */
  readonly ready: boolean
  send(text: string): void
  close(code: number, reason: string): void
  /** Stops, and goes on with, handing over what the peer sends. */
  pause(): void
  resume(): void
}

/** A WebSocket that may be opened. */
export interface Admission {
  readonly watcher: Watcher
  open(peer: SocketPeer): SocketSession
}

const CLOSE = { normal: 1000, goingAway: 1001, unsupported: 1003, policy: 1008 } as const

/**
 * Looks whether a request may become a WebSocket. Browsers say in `Origin` which page asks, and send no preflight: the
 * list that is for other requests is kept here.
 *
 * @throws IronflowError, to be answered in place of the upgrade
 */
export async function admitSocket(parts: SocketParts, request: HttpRequest): Promise<Admission> {
  if (parts.dev) expectLoopback(request)
  const target = parseTarget(request.target)
  const match = findWatchRoute(target.path)
  if (match?.route.verb !== 'GET') throw errorFor('not_found', 'there is no such WebSocket')
  const origin = request.header('origin')
  if (origin !== undefined && !parts.cors.allows(origin)) {
    throw new UnauthorizedError('pages of this origin may not connect (option corsOrigins)', 'unauthorized')
  }
  const query = watchQuery(match.route, target.query)
  const apiKey = bearerKey(request.header(HEADERS.authorization)) ?? subprotocolKey(request)
  const watcher = await identify(parts, request, query, apiKey)
  const one = subscriptionOf(match, query, undefined)
  if (one) expectRight(watcher.principal, one)
  parts.watching.admit(watcher.keyHash)
  return { watcher, open: (peer) => new SocketSession(parts, peer, watcher, one, request.remoteAddress) }
}

/** The key that a browser put beside the subprotocol, since it cannot set headers. @throws ValidationError */
function subprotocolKey(request: HttpRequest): string | undefined {
  const header = request.header('sec-websocket-protocol')
  if (header === undefined) return undefined
  const offered = header.split(',').map((each) => each.trim())
  if (!offered.includes(SUBPROTOCOL)) throw invalid({ 'sec-websocket-protocol': `must offer ${SUBPROTOCOL}` })
  const bearer = offered.find((each) => each.startsWith('bearer.'))?.slice('bearer.'.length)
  if (bearer === undefined) return undefined
  try {
    return atob(bearer.replaceAll('-', '+').replaceAll('_', '/'))
  } catch {
    throw invalid({ 'sec-websocket-protocol': 'must have the key as bearer.<base64url>' })
  }
}

/** What a client says on its socket, and what it is told. */
export class SocketSession implements Sink {
  readonly transport = 'websocket'
  private readonly session: Session
  private lastType = ''
  private calls = 0
  private isPaused = false

  /** @throws as `Watching.open`, and what keeps the one thing of the route from being watched */
  constructor(
    private readonly parts: SocketParts,
    private readonly peer: SocketPeer,
    private readonly watcher: Watcher,
    private readonly one: Subscription | undefined,
    private readonly remoteAddress: string | undefined,
  ) {
    this.session = parts.watching.open({ ...watcher, sink: this })
    this.session.welcome()
    if (one) this.subscribe(one)
  }

  get ready(): boolean {
    return this.peer.ready
  }

  send(type: string, text: string): void {
    this.lastType = type
    this.peer.send(text)
  }

  settled(): void {
    // A socket goes on.
  }

  end(error?: Error): void {
    if (error) this.peer.close(CLOSE.policy, 'see the error message')
    else if (this.lastType === 'goodbye') this.peer.close(CLOSE.goingAway, 'goodbye')
    else this.peer.close(CLOSE.normal, '')
  }

  /** The client sent something. */
  message(text: string): void {
    const { frame, error, sub, call } = { sub: undefined, call: undefined, frame: undefined, ...parseClientFrame(text) }
    if (error) {
      if (sub !== undefined) {
        // What it was meant to replace is not followed any more either.
        this.session.unsubscribe(sub)
        this.session.sendError(error, sub)
      } else if (call !== undefined) this.reply({ type: 'reply', id: call, problem: toProblem(error) })
      else this.session.end(error)
    } else if (this.one) {
      this.session.end(invalid({ message: 'has no meaning on a route that watches one thing' }))
    } else if (frame?.type === 'subscribe') {
      const { type: _, ...subscription } = frame
      this.subscribe(subscription)
    } else if (frame?.type === 'unsubscribe') {
      this.session.unsubscribe(frame.id)
    } else if (frame?.type === 'call') {
      void this.call(frame)
    }
  }

  /** The client sent bytes, which have no meaning here. */
  binary(): void {
    this.peer.close(CLOSE.unsupported, 'messages are text')
  }

  /** The peer takes more. */
  drained(): void {
    this.session.drained()
    this.regulate()
  }

  /** The peer is gone. */
  closed(): void {
    this.session.end()
  }

  private subscribe(subscription: Subscription): void {
    if (!this.one) {
      this.session.subscribeOrTell(subscription)
      return
    }
    try {
      this.session.subscribe(subscription, false)
    } catch (thrown) {
      this.session.end(failure(thrown, this.watcher.environment))
    }
  }

  /** A call goes the way of every call: whatever it may, it is looked at as if it had come by HTTP. */
  private async call({ id, ...frame }: CallFrame): Promise<void> {
    const { dispatcher, observer } = this.parts
    const { keyHash, environment } = this.watcher
    const startedAt = performance.now()
    const { method, params, idempotencyKey, minRevision, traceparent } = frame
    const requestId = requestIdFrom(frame.requestId)
    this.calls++
    this.regulate()
    const outcome = await dispatcher.run(
      {
        method,
        params: params as Readonly<Record<string, unknown>>,
        environment,
        idempotencyKey,
        minRevision,
        requestId,
        traceparent,
      },
      { keyHash, transport: 'websocket', remoteAddress: this.remoteAddress },
    )
    this.calls--
    const error = outcome.ok ? undefined : outcome.error
    const status = outcome.ok ? (methodRow(method).success ?? 200) : (outcome.error.status ?? 500)
    observer.served({ method, status, requestId, environment, startedAt, error })
    if (outcome.ok) {
      const { result, revision } = outcome.answer
      this.reply({ type: 'reply', id, result, revision })
    } else {
      this.reply({ type: 'reply', id, problem: toProblem(outcome.error, requestId) })
    }
    this.regulate()
  }

  private reply(frame: ReplyFrame): void {
    this.send('reply', encodeFrame(frame))
  }

  /** Who asks faster than he reads, or than there are answers, is not listened to for a while. */
  private regulate(): void {
    const shallPause = this.calls >= this.parts.limits.callsPerSocket || (this.calls > 0 && !this.peer.ready)
    if (shallPause === this.isPaused) return
    this.isPaused = shallPause
    if (shallPause) this.peer.pause()
    else this.peer.resume()
  }
}
