import { decodeValue, type Operation } from '../protocol/value'
import { type Change, goneAt, type WatchKind } from './kinds'

interface KvChange extends Change {
  readonly type: 'kv_update'
  readonly bucket: string
  readonly key: string
  /** When this revision was made, RFC 3339. */
  readonly createdAt: string
}

/** A value of a watched key. */
export interface KvPut<T = unknown> extends KvChange {
  readonly operation: 'put'
  /** The value as it went in. */
  readonly data: T
  /** The value as JSON text, whatever it is (bytes as quoted base64). */
  readonly value: string
}

/** The end of a watched key's value. */
export interface KvRemoval extends KvChange {
  readonly operation: Exclude<Operation, 'put'>
  readonly data?: undefined
  /** No text: `''`. */
  readonly value: string
}

/** A change of a watched key. Look at `operation` first: where it is `put`, `data` is the value. */
export type KvUpdate<T = unknown> = KvPut<T> | KvRemoval

/** Watching the keys of a bucket. */
export const KV: WatchKind<KvUpdate, 'kv'> = {
  kind: 'kv',
  method: 'kv.watch',
  keyOf: ({ key }) => key,
  isGone: ({ operation }) => operation !== 'put',
  read({ type, bucket, key, operation, revision, epoch, createdAt, initial = false, value, encoding }) {
    const about = { type, bucket, key, revision, epoch, createdAt, initial }
    if (operation !== 'put') return { ...about, operation, data: undefined, value: '' }
    const text = value === undefined ? '' : JSON.stringify(value)
    return { ...about, operation, data: decodeValue({ value, encoding }), value: text }
  },
  gone(key, bucket, place) {
    const { at, position } = goneAt(place)
    return { type: 'kv_update', bucket, key, operation: 'delete', ...position, createdAt: at, initial: true }
  },
}
