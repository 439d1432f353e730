import { type ResetReason, stringify } from '@ironflow/core/protocol'
import type { Entry } from '../engine/entry'
import { type Change, encode, subMember, textOf } from './change'
import type { Sink } from './sink'
import type { Subject } from './subject'

/** Sends the frames of one subscription. */
export class SubscriptionFrames {
  private readonly sub: string

  /** @param id the client's name for the subscription; `undefined` on a route that watches one thing */
  constructor(
    private readonly id: string | undefined,
    private readonly subject: Pick<Subject, 'view' | 'bucket'>,
    private readonly sink: Sink,
  ) {
    this.sub = subMember(id)
  }

  /** What the client has of it is of no use. */
  reset(reason: ResetReason): void {
    this.sink.send('reset', stringify({ type: 'reset', sub: this.id, reason }))
  }

  /** A value that belongs to the beginning: it has no cursor until all of them are sent. */
  initial(entry: Entry): void {
    const { view, bucket } = this.subject
    const frame = encode(view, bucket, entry, { initial: true })
    this.sink.send(frame.type, textOf(frame, this.sub))
  }

  /** The client has everything up to this cursor. */
  synced(cursor: string | undefined): void {
    this.sink.send('synced', stringify({ type: 'synced', sub: this.id, cursor }), cursor)
  }

  change(change: Change): void {
    const frame = change.frame(this.subject.view)
    this.sink.send(frame.type, frame.text(this.sub), change.cursor)
  }
}
