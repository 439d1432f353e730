import type { Cursor } from '@ironflow/core/protocol'

/** Returns `other` if it is a later place in the same life of the bucket, else `one`: other lives are not compared. */
export function later(one: Cursor, other: Cursor | undefined): Cursor {
  return other?.epoch === one.epoch && other.revision > one.revision ? other : one
}
