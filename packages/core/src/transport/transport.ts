import type { IronflowError } from '../errors/ironflow-error'
import type { Call, Reply } from '../protocol/call'
import type { ClientFrame, ServerFrame, Subscription } from '../protocol/frames'
import type { MethodName } from '../protocol/methods'

/** Carries calls, one attempt each: it never retries. It throws only `IronflowError`s. */
export interface CallTransport {
  /** Carries one call and returns its reply. Rejects as soon as `signal` aborts. */
  call<M extends MethodName>(call: Call<M>, signal: AbortSignal): Promise<Reply<M>>
  /** Returns where such a call would go now, for `onError`; never with a query, which may hold a key. */
  endpoint(call: Call): string
  /** Lets go of whatever it holds. Calls under way reject with code `closed`. */
  close(): void
}

/** Carries calls to a server, and changes back. */
export interface Transport extends CallTransport {
  /**
   * Opens one connection that carries a session: the client's subscriptions. Returns at once, before it calls the session.
   * It describes the life of this one connection: it never retries and never reconnects.
   */
  connect(session: ConnectionSession): Connection
}

/** What one connection carries, from its opening to its end, and the callbacks for what comes. */
export interface ConnectionSession {
  /** The environment to watch; absent: the key's own decides. */
  readonly environment: string | undefined
  /** What to follow, and from where: asked when it is about to be sent, and not before. */
  subscriptions(): Subscription[]
  /**
   * The server is asked from now on: what took time before, such as a function that brings the key, is not its fault. A
   * transport need not call it.
   */
  begun(): void
  /** A message came. */
  frame(frame: ServerFrame): void
  /** It is over, for this reason. Called once, and never after {@link Connection.close}. */
  ended(end: ConnectionEnd): void
}

/** How a connection ended. */
export interface ConnectionEnd {
  /** With `status` where it ended with an HTTP response. */
  readonly error: IronflowError
  /** The runtime does not say why: the server may be gone, or something on the way lets none pass. */
  readonly isOpaque?: boolean | undefined
  /** Nothing came in time. */
  readonly isSilent?: boolean | undefined
}

/** One connection. */
export interface Connection {
  /** Sends a message; false: this connection carries what it began with, and another one is needed. */
  send(frame: ClientFrame): boolean
  /** Ends it, without another callback. */
  close(): void
}
