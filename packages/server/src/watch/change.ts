import { type Cursor, formatCursor, RawJson, type SubscriptionKind, stringify } from '@ironflow/core/protocol'
import type { Entry, StoredValue } from '../engine/engine'
import { parseStoredName } from '../keyspace'
import { topicOf } from './subject'

/** How many texts of one change are kept: clients number their subscriptions, so most of them share their names. */
const MAX_TEXTS = 32

/**
 * One change on its way to all who watch. Whatever is the same for all of them is made into JSON once, when the first
 * one needs it.
 */
export class Change {
  /** Where a watcher is that has it. Holds on to nothing of the entry. */
  readonly place: Cursor
  private cursorText: string | undefined
  private readonly tails = new Map<SubscriptionKind, string>()
  private readonly texts = new Map<SubscriptionKind, Map<string, string>>()

  constructor(
    private readonly bucket: string,
    readonly entry: Entry,
  ) {
    const { epoch, revision, createdAt } = entry
    this.place = { epoch, revision, time: createdAt }
  }

  get cursor(): string {
    this.cursorText ??= formatCursor(this.place)
    return this.cursorText
  }

  /** About what it takes to keep it. */
  get bytes(): number {
    const { key, value } = this.entry
    return 200 + 2 * key.length + lengthOf(value)
  }

  /** The frame, for a subscription that is named `sub` (as {@link subMember} wrote it). */
  text(kind: SubscriptionKind, sub: string): string {
    const known = this.texts.get(kind)
    const text = known?.get(sub)
    if (text !== undefined) return text
    const made = `{"type":"${frameType(kind, this.entry)}",${sub}${this.tail(kind)}`
    if (!known) this.texts.set(kind, new Map([[sub, made]]))
    else if (known.size < MAX_TEXTS) known.set(sub, made)
    return made
  }

  private tail(kind: SubscriptionKind): string {
    let tail = this.tails.get(kind)
    if (tail === undefined) {
      tail = stringify({ cursor: this.cursor, ...membersOf(kind, this.bucket, this.entry) }).slice(1)
      this.tails.set(kind, tail)
    }
    return tail
  }
}

/** The member that names a subscription in a frame; nothing on a route that watches one thing. */
export function subMember(sub: string | undefined): string {
  return sub === undefined ? '' : `"sub":${JSON.stringify(sub)},`
}

/** The frame of a value that was there already. */
export function valueText(kind: SubscriptionKind, sub: string, bucket: string, entry: Entry): string {
  const tail = stringify({ initial: true, ...membersOf(kind, bucket, entry) }).slice(1)
  return `{"type":"${frameType(kind, entry)}",${sub}${tail}`
}

/** The type of the frame that tells of an entry. */
export function frameType(kind: SubscriptionKind, { operation }: Entry): string {
  if (kind === 'kv') return 'kv_update'
  if (kind === 'events') return 'event'
  return operation === 'put' ? 'config_update' : 'config_delete'
}

function membersOf(kind: SubscriptionKind, stored: string, entry: Entry): object {
  const { key, value, operation, revision, epoch } = entry
  const at = new Date(entry.createdAt).toISOString()
  const sent = value && embedded(value)
  if (kind === 'kv') {
    const bucket = parseStoredName(stored)?.bucket
    return { bucket, key, value: sent, encoding: value?.encoding, operation, revision, epoch, createdAt: at }
  }
  const document = { name: key, data: sent, revision, epoch, updatedAt: at }
  if (kind === 'config') return document
  return { topic: topicOf(entry), data: document, revision, epoch, createdAt: at }
}

/** A stored value for the wire: JSON is embedded to the letter, bytes become base64 there. */
function embedded(value: StoredValue): unknown {
  if (value.encoding === 'base64') return value.bytes
  return value.encoding === 'json' ? new RawJson(value.text) : value.text
}

/** About how many bytes a value takes. */
export function lengthOf(value: StoredValue | undefined): number {
  if (!value) return 0
  return value.encoding === 'base64' ? value.bytes.length : value.text.length
}
