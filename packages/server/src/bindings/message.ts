/** A request as HTTP bindings see it, whatever server it came from. */
export interface HttpRequest {
  /** Upper case. */
  readonly verb: string
  /** Path and query as they were sent: nothing is decoded or normalised. */
  readonly target: string
  /** Lower-case name; several fields of one name are joined by commas. */
  header(name: string): string | undefined
  /**
   * The whole body.
   *
   * @throws payload_too_large as soon as it is known to have more than `limit` bytes
   */
  body(limit: number): Uint8Array | Promise<Uint8Array>
  readonly remoteAddress?: string | undefined
  /** Calls `listener` if the peer goes before it is answered. Absent where that cannot be known. */
  readonly onGone?: ((listener: () => void) => void) | undefined
}

/** What to answer. */
export interface HttpResponse {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Record<string, string>
  readonly body?: string | Uint8Array | undefined
  /** Instead of a body: one that is written as it comes. */
  readonly stream?: BodyStream | undefined
  /** Whether the same request may be answered by the same bytes until the entry changes. */
  readonly keep?: CacheableEntry | undefined
}

/** The KV entry behind an answer. */
export interface CacheableEntry {
  readonly environment: string
  readonly bucket: string
  readonly key: string
  readonly revision: number
  readonly epoch: string
  /** Epoch milliseconds. */
  readonly expiresAt?: number | undefined
}

/** A body without a known end. Either it is started, once, or cancelled; or started and cancelled later. */
export interface BodyStream {
  /** Begins to write. */
  start(output: StreamOutput): void
  /** The output takes more again. */
  drained(): void
  /** Nobody reads any more. */
  cancel(): void
}

/** Where a {@link BodyStream} writes. Nothing here throws, also when the peer is gone. */
export interface StreamOutput {
  /** Whether it takes more now. Where not, what is written is kept, and `drained` is called later. */
  readonly ready: boolean
  write(content: string | Uint8Array): void
  /** @param last what is written before */
  end(last?: Uint8Array): void
}
