import type { Cursor } from '../protocol/cursor'
import type {
  ConfigDeleteFrame,
  ConfigUpdateFrame,
  EventFrame,
  KvUpdateFrame,
  SubscriptionKind,
} from '../protocol/frames'
import type { ConfigEntry } from '../protocol/model'
import { matchesFilter } from '../protocol/names'
import { decodeValue, type Operation } from '../protocol/value'

/** The messages that tell what a thing is now. */
export type ChangeFrame = ConfigUpdateFrame | ConfigDeleteFrame | KvUpdateFrame | EventFrame

/** The method of a watch in the context of `onError`. */
export type WatchMethod = 'config.watch' | 'kv.watch' | 'events.subscribe'

/** What differs between watching documents, buckets and events: how a message is read, and what users get of it. */
export interface WatchKind<E> {
  readonly kind: SubscriptionKind
  readonly method: WatchMethod
  /** What the message is about: of two about the same the newer one counts. */
  keyOf(frame: ChangeFrame): string
  isGone(frame: ChangeFrame): boolean
  read(frame: ChangeFrame): E
  /** The message about a key that turned out not to be there any more, as of `place`; `undefined`: nobody is to be told. */
  gone(key: string, target: string, place: Cursor): ChangeFrame | undefined
}

interface Change {
  readonly revision: number
  /** Identity of the life of the bucket that the revision belongs to. */
  readonly epoch: string
  /** The state it had when the watch began or had to begin again, rather than a change that was seen to happen. */
  readonly initial: boolean
}

/** A watched document as it is now. */
export interface ConfigUpdate<T = unknown> extends Change, Readonly<ConfigEntry<T>> {
  readonly type: 'config_update'
}

/** A watched document was deleted. */
export interface ConfigDelete extends Change {
  readonly type: 'config_delete'
  readonly name: string
  /** When it was deleted, or was last known not to be there, RFC 3339. */
  readonly updatedAt: string
}

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

/** Something that happened: `system.config.limits.updated`. */
export interface SystemEvent<T = unknown> extends Change {
  readonly topic: string
  readonly data: T
  /** When it happened, RFC 3339. */
  readonly createdAt: string
}

const positionOf = ({ revision, epoch }: Cursor) => ({ revision, epoch })
const timeText = ({ time }: Cursor) => new Date(time).toISOString()

/** Watching one document. */
export const CONFIG: WatchKind<ConfigUpdate | ConfigDelete> = {
  kind: 'config',
  method: 'config.watch',
  keyOf: (frame) => (frame as ConfigUpdateFrame).name,
  isGone: ({ type }) => type === 'config_delete',
  read(frame) {
    const { type, name, data, revision, epoch, updatedAt, initial = false } = frame as ConfigUpdateFrame
    return this.isGone(frame)
      ? { type: 'config_delete', name, revision, epoch, updatedAt, initial }
      : { type, name, data, revision, epoch, updatedAt, initial }
  },
  gone: (name, _, place) => ({
    type: 'config_delete',
    name,
    ...positionOf(place),
    updatedAt: timeText(place),
    initial: true,
  }),
}

/** Watching the keys of a bucket. */
export const KV: WatchKind<KvUpdate> = {
  kind: 'kv',
  method: 'kv.watch',
  keyOf: (frame) => (frame as KvUpdateFrame).key,
  isGone: (frame) => (frame as KvUpdateFrame).operation !== 'put',
  read(frame) {
    const {
      type,
      bucket,
      key,
      operation,
      revision,
      epoch,
      createdAt,
      initial = false,
      value,
      encoding,
    } = frame as KvUpdateFrame
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
  gone: (key, bucket, place) => ({
    type: 'kv_update',
    bucket,
    key,
    operation: 'delete',
    ...positionOf(place),
    createdAt: timeText(place),
    initial: true,
  }),
}

/** The last token of a topic says what happened; what comes before it, to what. */
const LAST_TOKEN = /\.[^.]*$/

/** Watching events. */
export const EVENTS: WatchKind<SystemEvent> = {
  kind: 'events',
  method: 'events.subscribe',
  keyOf: (frame) => (frame as EventFrame).topic.replace(LAST_TOKEN, ''),
  isGone: (frame) => (frame as EventFrame).topic.endsWith('.deleted'),
  read(frame) {
    const { topic, data, revision, epoch, createdAt, initial = false } = frame as EventFrame
    return { topic, data, revision, epoch, createdAt, initial }
  },
  gone(key, pattern, place) {
    const topic = `${key}.deleted`
    if (!matchesFilter(topic, pattern)) return undefined
    const createdAt = timeText(place)
    const position = positionOf(place)
    const data = { name: key.split('.').at(-1), ...position, updatedAt: createdAt }
    return { type: 'event', topic, data, ...position, createdAt, initial: true }
  },
}
