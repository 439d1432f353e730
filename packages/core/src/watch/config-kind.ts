import type { ConfigEntry } from '../protocol/model'
import { type Change, goneAt, type WatchKind } from './kinds'

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

/** Watching one document. */
export const CONFIG: WatchKind<ConfigUpdate | ConfigDelete, 'config'> = {
  kind: 'config',
  method: 'config.watch',
  keyOf: ({ name }) => name,
  isGone: ({ type }) => type === 'config_delete',
  read(frame) {
    const { name, revision, epoch, updatedAt, initial = false } = frame
    const about = { name, revision, epoch, updatedAt, initial }
    return frame.type === 'config_delete'
      ? { type: frame.type, ...about }
      : { type: frame.type, ...about, data: frame.data }
  },
  gone(name, _, place) {
    const { at, position } = goneAt(place)
    return { type: 'config_delete', name, ...position, updatedAt: at, initial: true }
  },
}
