import { RawJson } from '@ironflow/core/protocol'
import type { StoredValue } from '../engine/entry'

/** A stored value for the wire: JSON is embedded to the letter, bytes become base64 there. */
export function embedded(value: StoredValue | undefined): unknown {
  if (!value) return undefined
  if (value.encoding === 'base64') return value.bytes
  return value.encoding === 'json' ? new RawJson(value.text) : value.text
}

/** A time of the store's, epoch milliseconds, as RFC 3339. */
export function timeText(time: number): string {
  return new Date(time).toISOString()
}
