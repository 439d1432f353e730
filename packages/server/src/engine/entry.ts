import type { Operation, Position } from '@ironflow/core/protocol'

/** A value with its encoding; kept and given back to the letter. */
export type StoredValue =
  | { readonly encoding: 'json' | 'text'; readonly text: string }
  | { readonly encoding: 'base64'; readonly bytes: Uint8Array }

/** What one revision did to one key. */
export interface Entry {
  key: string
  /** Absent where the operation left none. */
  value?: StoredValue | undefined
  /** The life of the bucket that the revision belongs to. */
  epoch: string
  revision: number
  /** When the revision was made, epoch milliseconds. */
  createdAt: number
  operation: Operation
  /** When the value stops being there, epoch milliseconds; absent: never. */
  expiresAt?: number | undefined
  /** What `meta` said of the write; absent: nothing. */
  meta?: Readonly<Record<string, string>> | undefined
}

/** A write that is true now. */
export interface Commit extends Position {
  /** Epoch milliseconds. */
  readonly createdAt: number
  /** The write was applied before, under the same `once`; this is its result. */
  readonly repeated?: true | undefined
}
