import type { Cursor } from '@ironflow/core/protocol'
import { NO_BUCKET } from '../engine/queries'

/**
 * Returns `other` if it is a later place in the same life of the bucket, or in the one that was made since there was none;
 * else `one`: other lives are not compared.
 */
export function later(one: Cursor, other: Cursor | undefined): Cursor {
  if (other && one.epoch === NO_BUCKET.epoch) return other
  return other?.epoch === one.epoch && other.revision > one.revision ? other : one
}
