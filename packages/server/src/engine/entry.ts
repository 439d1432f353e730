import type { Operation, Position } from '@ironflow/core/protocol'

/** A value with its encoding; kept and given back to the letter. */
export type StoredValue =
  | { readonly encoding: 'json' | 'text'; readonly text: string }
  | { readonly encoding: 'base64'; readonly bytes: Uint8Array }

/** One revision of one key. */
export interface Entry {
  key: string
  /** Absent where the operation left none. */
  value?: StoredValue | undefined
  /** The life of the bucket that the revision belongs to. */
  epoch: string
  revision: number
  /** Time at which the revision was made, epoch milliseconds. */
  createdAt: number
  operation: Operation
  /** Time at which the value ends, epoch milliseconds; absent: never. */
  expiresAt?: number | undefined
  /** The write's `meta`; absent: it had none. */
  meta?: Readonly<Record<string, string>> | undefined
}

/** A write that is true now. */
export interface Commit extends Position {
  /** Epoch milliseconds. */
  readonly createdAt: number
  /** The write was applied before, under the same `once`; this is its result. */
  readonly repeated?: true | undefined
}
