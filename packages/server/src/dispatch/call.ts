import type { IronflowError } from '@ironflow/core/errors'
import type { KnownPosition, MethodName } from '@ironflow/core/protocol'
import type { Label } from '../observe/observer'

/** Parts of a call that may be read late. */
export interface CallDetails {
  readonly params: Readonly<Record<string, unknown>>
  readonly environment?: string | undefined
  /** A position that the caller has seen. */
  readonly minPosition?: KnownPosition | undefined
  readonly consistency?: 'strong' | undefined
}

/** A `Call` as a binding rebuilt it: nothing of it is checked yet. */
export interface RawCall<M extends MethodName = MethodName> extends CallDetails {
  readonly method: M
  readonly idempotencyKey?: string | undefined
  readonly requestId: string
  readonly traceparent?: string | undefined
  /**
   * Reads what takes effort, such as a body, once the caller is admitted to what is known of the call. What it returns
   * takes the place of what was known.
   */
  readonly read?: (() => CallDetails | Promise<CallDetails>) | undefined
}

/** Who calls, as far as the wire can tell. */
export interface Caller {
  /** SHA-256 of the API key, hex; absent: none came. */
  readonly keyHash?: string | undefined
  readonly transport: 'http' | 'websocket' | 'in-process'
  readonly remoteAddress?: string | undefined
}

/** Facts about an operation that come up while it runs: each stage notes what it finds out. */
export interface Progress {
  label: Label
  environment?: string | undefined
}

/** Outcome of an operation. The environment is there as soon as it was known. */
export type Outcome<T> =
  | { readonly ok: true; readonly environment: string | undefined; readonly result: T }
  | { readonly ok: false; readonly environment: string | undefined; readonly error: IronflowError }
