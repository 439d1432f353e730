import { type ConfigEvent, configTopic, matchesFilter, type WatchFrames } from '@ironflow/core/protocol'
import { configBucket } from '../../domain/keyspace'
import { embedded, timeText } from '../../domain/wire-value'
import type { Entry } from '../../engine/entry'
import type { View, WatchKind } from './watch-kind'

/** Watching the events that fit a pattern: what happens to config documents. */
export const events: WatchKind<'events'> = (environment, { target }) => {
  const name = target.split('.')[2]
  return {
    bucket: configBucket(environment),
    // Documents are named by one token, so its wildcards mean among names what they mean among keys.
    filters: name === undefined ? undefined : [name],
    // Events have no current values: a watch begins with what comes next.
    hasValues: false,
    view,
    matches: (entry) => matchesFilter(topicOf(entry), target),
    targetOf: ({ key }) => key,
  }
}

const view: View<WatchFrames['events']> = (entry) => {
  const { key: name, value, revision, epoch, createdAt } = entry
  const at = timeText(createdAt)
  const document = { name, data: embedded(value), revision, epoch, updatedAt: at }
  return { type: 'event', topic: topicOf(entry), data: document, revision, epoch, createdAt: at }
}

/** The topic of the event that a change of a config document is. */
function topicOf({ key, operation }: Entry): string {
  const event: ConfigEvent = operation === 'put' ? 'updated' : 'deleted'
  return configTopic(key, event)
}
