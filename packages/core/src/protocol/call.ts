import type { Params, Result } from './contract'
import type { MethodName } from './methods'
import type { Position } from './position'

/**
 * One call of one method. The same object goes the whole way: a surface builds it, the pipeline completes it, a
 * transport carries it, and the server's binding rebuilds it for the dispatch.
 */
export interface Call<M extends MethodName = MethodName> {
  readonly method: M
  readonly params: Params<M>
  /** Absent: the key's own environment decides, else `default`. */
  readonly environment?: string | undefined
  /** The same for every attempt of one mutating call, so that the server makes it true once. */
  readonly idempotencyKey?: string | undefined
  /**
   * Position that the caller has seen, as `formatPosition` writes it: the server reads from a state at least as new. It
   * does not wait for a position in another life of the bucket.
   */
  readonly minPosition?: string | undefined
  /** `strong`: read the newest state there is, whatever that costs. */
  readonly consistency?: 'strong' | undefined
  /**
   * The result that the caller has already, with its position. Over HTTP the server is told, and where that is still the
   * newest it sends no other: then this is the result of the reply.
   */
  readonly known?: (Result<M> & Position) | undefined
  /** Names the request in logs on both sides. */
  readonly requestId: string
  /** W3C trace context, handed on as it came. */
  readonly traceparent?: string | undefined
}

/** What came back for a {@link Call}. */
export interface Reply<M extends MethodName = MethodName> {
  readonly result: Result<M>
  /** `X-Ironflow-Revision`: what a write made, or how new the store was that a read saw. */
  readonly revision?: number | undefined
  /** `X-Ironflow-Epoch`: the life of the bucket that this revision belongs to. */
  readonly epoch?: string | undefined
  /** The environment that the server took. */
  readonly environment?: string | undefined
}
