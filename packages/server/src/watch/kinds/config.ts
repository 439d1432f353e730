import type { WatchFrames } from '@ironflow/core/protocol'
import { configBucket } from '../../domain/keyspace'
import { embedded, timeText } from '../../domain/wire-value'
import type { View, WatchKind } from './watch-kind'

/** Watching one document. */
export const config: WatchKind<'config'> = (environment, { target }) => ({
  bucket: configBucket(environment),
  filters: [target],
  hasValues: true,
  view,
  matches: ({ key }) => key === target,
  targetOf: () => target,
})

const view: View<WatchFrames['config']> = ({ key: name, value, operation, revision, epoch, createdAt }) => {
  const about = { revision, epoch, updatedAt: timeText(createdAt) }
  if (operation !== 'put') return { type: 'config_delete', name, ...about }
  return { type: 'config_update', name, data: embedded(value), ...about }
}
