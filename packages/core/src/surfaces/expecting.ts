import type { IfRevision } from '../protocol/contract'
import type { KnownPosition } from '../protocol/position'

/** The parameters of a write that is to happen only if its target has this revision, or is as in this entry. */
export function expecting(expected: number | KnownPosition | undefined): IfRevision {
  if (typeof expected !== 'object') return { ifRevision: expected }
  return { ifRevision: expected.revision, ifEpoch: expected.epoch }
}
