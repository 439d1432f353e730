import { type Cursor, formatCursor, stringify } from '@ironflow/core/protocol'
import type { Entry, StoredValue } from '../engine/entry'
import type { View } from './kinds/watch-kind'

/** Texts of one frame that are kept: clients number their subscriptions, so most of them share their names. */
const MAX_TEXTS = 32

/**
 * One change on its way to all who watch. Whatever is the same for all of them is made into JSON once, when the first
 * one needs it.
 */
export class Change {
  /** Where a watcher is that has it. Holds on to nothing of the entry. */
  readonly place: Cursor
  private cursorText: string | undefined
  private readonly frames = new Map<View, SharedFrame>()

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

  /** The frame that readers of a view get. */
  frame(view: View): SharedFrame {
    let frame = this.frames.get(view)
    if (!frame) {
      frame = new SharedFrame(encode(view, this.bucket, this.entry, { cursor: this.cursor }))
      this.frames.set(view, frame)
    }
    return frame
  }
}

/** The frame of one change as all readers of a view get it. */
class SharedFrame {
  readonly type: string
  private readonly encoded: EncodedFrame
  private readonly texts = new Map<string, string>()

  constructor(encoded: EncodedFrame) {
    this.encoded = encoded
    this.type = encoded.type
  }

  /** The text for a subscription that is named `sub` (as {@link subMember} wrote it). */
  text(sub: string): string {
    const known = this.texts.get(sub)
    if (known !== undefined) return known
    const text = textOf(this.encoded, sub)
    if (this.texts.size < MAX_TEXTS) this.texts.set(sub, text)
    return text
  }
}

/** A frame as JSON, but for the name of the subscription. */
export interface EncodedFrame {
  readonly type: string
  /** What follows type and name. */
  readonly tail: string
}

/** @param about what the entry is to its readers: a change, or a value that was there */
export function encode(
  view: View,
  bucket: string,
  entry: Entry,
  about: { cursor: string } | { initial: true },
): EncodedFrame {
  const { type, ...members } = view(entry, bucket)
  return { type, tail: stringify({ ...about, ...members }).slice(1) }
}

/** The text of a frame for a subscription that is named `sub` (as {@link subMember} wrote it). */
export function textOf({ type, tail }: EncodedFrame, sub: string): string {
  return `{"type":"${type}",${sub}${tail}`
}

/** The member that names a subscription in a frame; nothing on a route that watches one thing. */
export function subMember(sub: string | undefined): string {
  return sub === undefined ? '' : `"sub":${JSON.stringify(sub)},`
}

/** About how many bytes a value takes. */
export function lengthOf(value: StoredValue | undefined): number {
  if (!value) return 0
  return value.encoding === 'base64' ? value.bytes.length : value.text.length
}
