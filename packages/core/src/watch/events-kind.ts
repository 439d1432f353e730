import { matchesFilter } from '../protocol/names'
import { type Change, goneAt, type WatchKind } from './kinds'

/** Something that happened: `system.config.limits.updated`. */
export interface SystemEvent<T = unknown> extends Change {
  readonly topic: string
  readonly data: T
  /** When it happened, RFC 3339. */
  readonly createdAt: string
}

/** The last token of a topic says what happened; what comes before it, to what. */
const LAST_TOKEN = /\.[^.]*$/

/** Watching events. */
export const EVENTS: WatchKind<SystemEvent, 'events'> = {
  kind: 'events',
  method: 'events.subscribe',
  keyOf: ({ topic }) => topic.replace(LAST_TOKEN, ''),
  isGone: ({ topic }) => topic.endsWith('.deleted'),
  read({ topic, data, revision, epoch, createdAt, initial = false }) {
    return { topic, data, revision, epoch, createdAt, initial }
  },
  gone(key, pattern, place) {
    const topic = `${key}.deleted`
    if (!matchesFilter(topic, pattern)) return undefined
    const { at, position } = goneAt(place)
    const data = { name: key.split('.').at(-1), ...position, updatedAt: at }
    return { type: 'event', topic, data, ...position, createdAt: at, initial: true }
  },
}
