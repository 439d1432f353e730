import { crc32 } from 'node:zlib'

/** What a stored value is checked against: the value itself, and that it is in the row where it belongs. */
export interface Checked {
  bucket: number
  key: string
  revision: number
  encoding: number
  value: string | Uint8Array
}

/**
 * Returns the CRC-32 of a value and its place, so that neither a flipped bit nor a misplaced row is served as data. Of no
 * bytes it is 0: Node.js 20 starts anew at some empty arrays, those of other threads among them, and later versions go on.
 */
export function checksumOf({ bucket, key, revision, encoding, value }: Checked): number {
  if (typeof value !== 'string' && value.byteLength === 0) return 0
  return crc32(value, crc32(`${bucket} ${revision} ${encoding} ${key}`))
}
