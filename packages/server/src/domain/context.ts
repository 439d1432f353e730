import type { IfRevision, KnownPosition, Position } from '@ironflow/core/protocol'
import type { ReadOptions } from '../engine/queries'
import type { WriteOptions } from '../engine/write-options'
import type { Principal } from './principal'

/** Everything about a call but its parameters: who makes it, for which environment, and what its caller has seen. */
export interface Context {
  readonly environment: string
  readonly principal: Principal
  /** Names the call in the log. */
  readonly requestId: string
  /** W3C trace context, as the caller sent it. */
  readonly traceparent?: string | undefined
  /** `Idempotency-Key`, as the caller sent it. */
  readonly idempotencyKey?: string | undefined
  /** What the engine recognises a repetition of this write by; absent for reads, and without an idempotency key. */
  readonly once?: string | undefined
  /** A position that the caller has seen: reads are at least as new. */
  readonly minPosition?: KnownPosition | undefined
  readonly consistency?: 'strong' | undefined
}

/** The part of a context that reads from the engine take. */
export function readOptions({ minPosition, consistency }: Context): ReadOptions {
  return { minPosition, consistency }
}

/** What the engine is to expect of a write's target, from what the caller saw, and how it recognises a repetition. */
export function writeOptions({ ifRevision, ifEpoch }: IfRevision, { once }: Context): WriteOptions {
  return { expectedRevision: ifRevision, expectedEpoch: ifEpoch, once }
}

/** A position alone, as results show it. */
export function positionOf({ revision, epoch }: Position): Position {
  return { revision, epoch }
}
