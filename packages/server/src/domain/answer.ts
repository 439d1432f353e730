import type { MethodName, Position, Result } from '@ironflow/core/protocol'

/** What the domain answers: the result, and what bindings want to know about it. */
export interface Answer<M extends MethodName = MethodName> {
  readonly result: Result<M>
  /** What a write made, or where its bucket was when a read saw it. */
  readonly position?: Position | undefined
  /** `false`: what was to be made was there already. */
  readonly created?: boolean | undefined
  /** When the value stops being there, epoch milliseconds. */
  readonly expiresAt?: number | undefined
}
