import { isIronflowError } from '../errors/ironflow-error'
import { invalid } from '../errors/kinds'
import { messageOf } from '../errors/normalize'
import { fromBase64, RawJson } from './json'
import { expectJson } from './json-safe'

/** How a KV value is kept, so that it comes back as it went in: as JSON, as a string, or as bytes. */
export type Encoding = 'json' | 'text' | 'base64'

/** What made an entry's newest state. `expire` is the deletion that a time-to-live brought. */
export type Operation = 'put' | 'delete' | 'purge' | 'expire'

/** A KV entry as it travels. `value` is absent where the operation left none. */
export interface WireEntry {
  bucket: string
  key: string
  value?: unknown
  encoding?: Encoding | undefined
  revision: number
  /** Identity of the life of the bucket that the revision belongs to. */
  epoch: string
  /** When this revision was made, RFC 3339. */
  createdAt: string
  operation: Operation
}

/** A value on its way into the store. */
export interface EncodedValue {
  value: unknown
  encoding: Encoding
}

/**
 * What to send for a value of the user's: bytes as bytes, a well-formed string as text, all else as JSON (also a string
 * with a lone surrogate, which UTF-8 cannot carry and a JSON escape can).
 *
 * @throws ValidationError for what JSON cannot carry: see {@link expectJson}
 */
export function encodeValue(value: unknown, place = 'value'): EncodedValue {
  if (value instanceof Uint8Array) return { value, encoding: 'base64' }
  if (typeof value === 'string' && isWellFormed(value)) return { value, encoding: 'text' }
  return { value: encodeJson(value, place), encoding: 'json' }
}

/**
 * Returns a user's value as JSON text.
 *
 * @throws ValidationError naming `place`, or one within it, where JSON cannot carry it: see {@link expectJson}
 */
export function encodeJson(value: unknown, place: string): RawJson {
  try {
    expectJson(value, place)
    return new RawJson(JSON.stringify(value))
  } catch (error) {
    // Thrown by a `toJSON`, or by a value that is too deep.
    if (!isIronflowError(error)) throw invalid({ [place]: `cannot be written as JSON: ${messageOf(error)}` }, error)
    throw error
  }
}

/** The user's value behind a {@link WireEntry}; `undefined` where there is none. */
export function decodeValue(entry: Pick<WireEntry, 'value' | 'encoding'>): unknown {
  return entry.encoding === 'base64' && typeof entry.value === 'string' ? fromBase64(entry.value) : entry.value
}

/** Whether every surrogate in `text` has its partner, so that UTF-8 can carry it. */
export function isWellFormed(text: string): boolean {
  // The `u` flag reads whole code points, so only a surrogate without a partner is left to match.
  return !/\p{Surrogate}/u.test(text)
}
