import type { WatchFrames } from '@ironflow/core/protocol'
import { parseStoredName, storedName } from '../../domain/keyspace'
import { embedded, timeText } from '../../domain/wire-value'
import { KeyFilter } from '../../engine/key-filter'
import type { View, WatchKind } from './watch-kind'

/** Watching the keys of a bucket. */
export const kv: WatchKind<'kv'> = (environment, { target, filters }) => {
  const keys = new KeyFilter(filters)
  return {
    bucket: storedName(environment, target),
    filters,
    hasValues: true,
    view,
    matches: ({ key }) => keys.matches(key),
    targetOf: () => target,
  }
}

const view: View<WatchFrames['kv']> = ({ key, value, operation, revision, epoch, createdAt }, stored) => ({
  type: 'kv_update',
  bucket: parseStoredName(stored)?.bucket ?? stored,
  key,
  value: embedded(value),
  encoding: value?.encoding,
  operation,
  revision,
  epoch,
  createdAt: timeText(createdAt),
})
