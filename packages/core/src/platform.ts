import type { IronflowError } from './errors/ironflow-error'

/** The longest delay, in milliseconds, that the timers of runtimes take: 24.8 days. */
export const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * What the runtime provides, passed in as one value: core touches no global of its own. `@ironflow/node` and
 * `@ironflow/browser` each fill one; tests fill one whose time and chance they decide.
 */
export interface Platform {
  /** Sent as `X-Ironflow-Client`: `node/0.1.0`. */
  readonly clientName: string
  readonly fetch: HttpFetch
  /** An environment variable, where the runtime has such a thing. */
  env(name: string): string | undefined
  /** Wall clock, epoch milliseconds. */
  now(): number
  /** 0 (included) to 1 (excluded). */
  random(): number
  /** A random identifier. */
  uuid(): string
  /**
   * Runs `callback` once after `ms` milliseconds, however many they are; returns a function that cancels it. Runtimes run at once what
   * is to wait for more than {@link MAX_TIMER_MS}: there it may run after these.
   */
  setTimer(callback: () => void, ms: number): () => void
  /**
   * Opens a WebSocket. Returns at once, before it calls `events`. Throws where the runtime has none, or allows none here,
   * such as one without TLS on a page of https: that says nothing about the server, and another transport may do.
   *
   * @param headers sent with the upgrade where the runtime allows it
   */
  openSocket(
    url: string,
    protocols: readonly string[],
    headers: Readonly<Record<string, string>>,
    events: SocketEvents,
  ): Socket
  /**
   * Reports what happens to the program as a whole, as far as connections are concerned, until the returned function is
   * called. What is so already is reported at once.
   */
  lifecycle(listener: (signal: LifecycleSignal) => void): () => void
  /**
   * Returns what the runtime's own network error means: a ConnectionError that says what happened and what to do, with
   * the error as cause.
   *
   * @param server the address that was to be reached
   */
  networkError(thrown: unknown, server: string): IronflowError
}

/** Sends one HTTP request; the runtime's own `fetch` is one. Rejects with the runtime's own error, or the signal's reason. */
export type HttpFetch = (url: string, request: HttpRequest) => Promise<HttpResponse>

/** An HTTP request as core sends it. */
export interface HttpRequest {
  readonly method: string
  /** By name in lower case. */
  readonly headers: Record<string, string>
  readonly body?: string | Uint8Array<ArrayBuffer> | undefined
  readonly signal: AbortSignal
  /** A redirect is a response like any other: it would take key and body to a server that is not configured. */
  readonly redirect: 'manual'
}

/** The part of an HTTP response that core reads; a `Response` is one. The body is read once: as text, or as a stream. */
export interface HttpResponse {
  readonly status: number
  /** A status from 200 to 299. */
  readonly ok: boolean
  readonly type?: string | undefined
  readonly headers: Pick<Headers, 'get'>
  readonly body: { getReader(): Pick<ReadableStreamDefaultReader<Uint8Array>, 'read'> } | null
  text(): Promise<string>
}

/** A WebSocket of any implementation. Nothing here throws, also when the peer is gone. */
export interface Socket {
  /** To be called once it is open, and not before. */
  send(text: string): void
  /** Ends it, whatever state it is in, without waiting for the peer and without another callback. */
  close(): void
}

/** The callbacks of a WebSocket. */
export interface SocketEvents {
  opened(): void
  message(text: string): void
  /** It is over. Called once, also where it never opened. */
  closed(end: SocketEnd): void
}

/** The end of a WebSocket, as far as the runtime describes it. */
export interface SocketEnd {
  /** The HTTP response that came in place of an upgrade. */
  readonly response?:
    | { readonly status: number; readonly headers: Pick<Headers, 'get'>; readonly text: string }
    | undefined
  /** The runtime's own network error. */
  readonly error?: unknown
  readonly code?: number | undefined
  readonly reason?: string | undefined
}

/**
 * `wake`: what did not work may work again (visible). `network`: so it is, and what went over the network that was there
 * before is dead, even if nothing has shown it yet (online). `pause`: connections are to be closed, for as long as any
 * reason is there; `resume`: that reason is gone.
 */
export type LifecycleSignal =
  | { readonly type: 'wake' }
  | { readonly type: 'network' }
  | { readonly type: 'pause' | 'resume'; readonly reason: string }
