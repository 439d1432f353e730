import { formatCursor } from '@ironflow/core/protocol'

/** A place in the changes of a bucket: a revision, and when it was made (epoch milliseconds). */
export interface Position {
  readonly revision: number
  readonly time: number
}

/** The later of two places. */
export function later(one: Position, other: Position | undefined): Position {
  return other !== undefined && other.revision > one.revision ? other : one
}

/** The cursor that a client may come back with to go on from there. */
export function cursorAt(epoch: string, { revision, time }: Position): string {
  return formatCursor({ epoch, revision, time })
}
