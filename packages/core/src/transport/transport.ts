import type { IronflowError } from '../errors/ironflow-error'
import type { Call, Reply } from '../protocol/call'
import type { ClientFrame, ServerFrame, Subscription } from '../protocol/frames'
import type { MethodName } from '../protocol/methods'

/** What carries calls. One attempt each: it never retries. It throws only `IronflowError`s. */
export interface Caller {
  /** Carries one call and answers its reply. Rejects as soon as `signal` aborts. */
  call<M extends MethodName>(call: Call<M>, signal: AbortSignal): Promise<Reply<M>>
  /** Where such a call would go now, for `onError`; never with a query, which may hold a key. */
  endpoint(call: Call): string
  /** Lets go of whatever it holds. Calls under way reject with code `closed`. */
  close(): void
}

/** How calls reach a server, and how changes come back. */
export interface Transport extends Caller {
  /**
   * Opens one connection that carries a session: the client's subscriptions. Answers at once, before anything is told.
   * It describes the life of this one connection: it never retries and never reconnects.
   */
  connect(session: ConnectionSession): Connection
}

/** What a connection carries, and whom it tells. */
export interface ConnectionSession {
  /** The environment to watch; absent: the key's own decides. */
  readonly environment: string | undefined
  /** What to follow, and from where: asked when it is about to be sent, and not before. */
  subscriptions(): Subscription[]
  /** Now the server is asked: what took time before, such as a function that brings the key, is not its fault. Optional. */
  begun(): void
  /** A message came. */
  frame(frame: ServerFrame): void
  /** It is over, for this reason. Told once, and never after {@link Connection.close}. */
  ended(end: ConnectionEnd): void
}

/** How a connection ended. */
export interface ConnectionEnd {
  /** With `status` where it ended with an HTTP answer. */
  readonly error: IronflowError
  /** Nobody says why: it may be the server that is gone, or something on the way that lets none pass. */
  readonly isOpaque?: boolean | undefined
  /** Nothing came in time. */
  readonly isSilent?: boolean | undefined
}

/** One connection. */
export interface Connection {
  /** Sends a message; false: this connection carries what it began with, and another one is needed. */
  send(frame: ClientFrame): boolean
  /** Ends it. Nothing is told any more. */
  close(): void
}
