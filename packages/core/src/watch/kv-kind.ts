import { decodeValue, type Operation } from '../protocol/value'
import { type Change, goneAt, type WatchKind } from './kinds'

/** What happened to a watched key. */
export interface KvUpdate<T = unknown> extends Change {
  readonly type: 'kv_update'
  readonly bucket: string
  readonly key: string
  readonly operation: Operation
  /** When this revision was made, RFC 3339. */
  readonly createdAt: string
  /** The value as it went in; `undefined` where the operation left none. */
  readonly data: T | undefined
  /** The value as JSON text, whatever it is (bytes as quoted base64); `''` where there is none. */
  readonly value: string
}

/** Watching the keys of a bucket. */
export const KV: WatchKind<KvUpdate, 'kv'> = {
  kind: 'kv',
  method: 'kv.watch',
  keyOf: ({ key }) => key,
  isGone: ({ operation }) => operation !== 'put',
  read({ type, bucket, key, operation, revision, epoch, createdAt, initial = false, value, encoding }) {
    return {
      type,
      bucket,
      key,
      operation,
      revision,
      epoch,
      createdAt,
      initial,
      data: decodeValue({ value, encoding }),
      value: value === undefined ? '' : JSON.stringify(value),
    }
  },
  gone(key, bucket, place) {
    const { at, position } = goneAt(place)
    return { type: 'kv_update', bucket, key, operation: 'delete', ...position, createdAt: at, initial: true }
  },
}
