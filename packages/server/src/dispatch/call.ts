import type { KnownPosition, MethodName } from '@ironflow/core/protocol'
import type { Answer } from '../domain/answer'
import type { Refused } from './admission'

/** A `Call` as a binding rebuilt it: nothing of it is checked yet. */
export interface RawCall<M extends MethodName = MethodName> {
  readonly method: M
  readonly params: Readonly<Record<string, unknown>>
  readonly environment?: string | undefined
  readonly idempotencyKey?: string | undefined
  /** A position that the caller has seen. */
  readonly minPosition?: KnownPosition | undefined
  readonly consistency?: 'strong' | undefined
  readonly requestId: string
  readonly traceparent?: string | undefined
}

/** Who calls, as far as the wire can tell. */
export interface Caller {
  /** SHA-256 of the API key, hex; absent: none came. */
  readonly keyHash?: string | undefined
  readonly transport: 'http' | 'websocket' | 'in-process'
  readonly remoteAddress?: string | undefined
}

/** How a call ended. */
export type Outcome<M extends MethodName = MethodName> =
  | { readonly ok: true; readonly environment: string; readonly answer: Answer<M> }
  | Refused
