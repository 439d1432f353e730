import type { IronflowError } from '@ironflow/core/errors'
import { type Cursor, formatCursor, parseCursor, type ResetReason, type Subscription } from '@ironflow/core/protocol'
import { rightToWatch } from '../dispatch/authorize'
import { failure } from '../dispatch/failure'
import type { Entry } from '../engine/entry'
import { NO_BUCKET } from '../engine/queries'
import { Backlog } from './backlog'
import { catchUp, type Reading, type Start } from './catch-up'
import { Change } from './change'
import type { FeedListener } from './feed'
import { HeardChanges } from './heard-changes'
import type { Seat } from './hub'
import { later } from './position'
import { type Subject, subjectOf } from './subject'
import { SubscriptionFrames } from './subscription-frames'
import type { SubscriptionHost } from './subscription-host'

/**
 * One subscription of a session: what the store had, then what changes, without gap or duplicate.
 *
 *               ┌──────── the bucket is deleted, or a cursor is of no use: `reset` ──────────┐
 *               ▼                                                                            │
 *     begin ─► reading ── has read up to the newest: `synced` ─► live ── too much waits ─► behind
 *               ▲                                                                            │
 *               └──────────────────────── the sink takes more again ─────────────────────────┘
 *
 * It listens to the hub before it reads, so a change is in what it reads, in what it hears, or in both; what it heard up
 * to the revision it has read is dropped. While the sink takes nothing, changes wait, of each key the newest, in room that
 * all subscriptions of the session share. Where there is none the queue is forgotten, and what was missed is read from
 * the store, later.
 */
export class LiveSubscription implements FeedListener, Reading {
  readonly backlog: Backlog
  private readonly subject: Subject
  private readonly frames: SubscriptionFrames
  private readonly heard: HeardChanges
  private readonly seat: Seat
  private state: 'reading' | 'live' | 'behind' | 'ended' = 'reading'
  /** Everything that matches up to here was sent. Absent while the current values are. */
  private place: Cursor | undefined
  /** Lives of the bucket whose end was heard of while reading. */
  private readonly ended = new Set<string>()
  private owesSynced = true

  /**
   * @param id how the client calls it; `undefined` on a route that watches one thing
   * @throws closed
   */
  constructor(
    private readonly subscription: Subscription,
    readonly id: string | undefined,
    private readonly session: SubscriptionHost,
  ) {
    const { environment, sink, queueRoom } = session
    const { engine, hub, now, stats } = session.parts
    this.subject = subjectOf(environment, subscription)
    this.frames = new SubscriptionFrames(id, this.subject, sink)
    this.heard = new HeardChanges(queueRoom, stats)
    this.backlog = new Backlog(engine, this.subject.bucket, this.subject.filters, now)
    this.seat = hub.join(this.subject.bucket, this.subject.filters, this)
    stats.opened(sink.transport)
  }

  /** How a heartbeat names it: a route that watches one thing has only the thing's own name. */
  get name(): string {
    return this.id ?? this.subscription.target
  }

  /** The cursor up to which everything that matches was sent. */
  get bookmark(): string | undefined {
    const place = this.place && this.isLive ? later(this.place, this.seat.head) : this.place
    return place && formatCursor(place)
  }

  /** Whether it was told everything. */
  get isLive(): boolean {
    return this.state === 'live' && this.heard.isEmpty
  }

  get isOver(): boolean {
    return this.state === 'ended'
  }

  /** Begins. To be called once. */
  begin(): void {
    const { cursor: text } = this.subscription
    const cursor = text === undefined ? undefined : parseCursor(text)
    if (!cursor) {
      void this.read({ at: this.subject.hasValues ? 'values' : 'now' })
      return
    }
    this.session.parts.stats.resumes++
    this.place = cursor
    void this.read({ at: 'place', place: cursor })
  }

  changed(change: Change): void {
    if (!this.subject.matches(change.entry) || this.isOld(change)) return
    if (this.state === 'live' && this.place?.epoch === NO_BUCKET.epoch) {
      // Of a life that has begun, or the late news of one that is over: the store knows.
      void this.read({ at: 'place', place: this.place })
      return
    }
    if (this.isLive && this.session.sink.ready) {
      this.sendChange(change)
      return
    }
    // Whatever came before the first one that waits was sent, or did not match.
    if (this.isLive) this.place = later(this.place ?? change.place, this.seat.head)
    if (this.state === 'behind') this.heard.pass()
    else if (this.state !== 'ended' && !this.heard.add(change) && this.state === 'live') this.state = 'behind'
  }

  deleted(epoch: string): void {
    if (this.state === 'reading') {
      this.ended.add(epoch)
      // What was heard of that life. The next one's changes come after this.
      this.forget()
    } else if (this.state !== 'ended' && this.place?.epoch === epoch) {
      void this.read({ at: 'values' }, 'bucket_deleted')
    }
  }

  hasEnded(epoch: string): boolean {
    return this.ended.has(epoch)
  }

  hasHeardAllAfter(place: Cursor): boolean {
    // Whether a life that was heard of begins after there was no bucket, or ended before, only another look tells.
    return this.heard.isComplete && (place.epoch !== NO_BUCKET.epoch || this.heard.isEmpty)
  }

  /** The sink takes more. */
  drained(): void {
    if (this.state === 'behind' && this.place) void this.read({ at: 'place', place: this.place })
    while (this.state === 'live' && this.session.sink.ready) {
      const change = this.heard.take()
      if (!change) return
      this.sendChange(change)
    }
  }

  /** Looks whether it is still allowed; for when rights have changed. */
  recheck(): void {
    const refusal = this.session.refusal(rightToWatch(this.subscription))
    if (refusal) this.fail(refusal)
  }

  end(): void {
    if (this.state === 'ended') return
    this.state = 'ended'
    this.seat.leave()
    this.heard.forget()
    this.session.lane.leave(this)
    this.session.parts.stats.closed(this.session.sink.transport)
  }

  matches(entry: Entry): boolean {
    return this.subject.matches(entry)
  }

  inTurn<T>(work: () => Promise<T>): Promise<T | undefined> {
    return this.session.lane.run(this, work)
  }

  forget(): void {
    this.heard.forget()
  }

  reset(reason: ResetReason): void {
    this.session.parts.stats.reset(reason)
    this.place = undefined
    this.owesSynced = true
    this.frames.reset(reason)
  }

  sendInitial(entry: Entry): void {
    if (!this.isAllowed(entry)) return
    this.heard.wasRead()
    this.frames.initial(entry)
  }

  sendLate(entry: Entry): void {
    this.heard.wasRead()
    this.send(new Change(this.subject.bucket, entry))
  }

  reached(place: Cursor): void {
    this.place = place
  }

  caughtUp(place: Cursor): void {
    this.heard.caughtUp(place)
    this.place = place
    if (this.owesSynced) this.frames.synced(this.bookmark)
    this.owesSynced = false
    this.state = 'live'
    this.drained()
    this.session.caughtUp()
  }

  private async read(start: Start, reason?: ResetReason): Promise<void> {
    this.state = 'reading'
    this.ended.clear()
    try {
      await this.seat.started
      await catchUp(this, start, reason)
    } catch (error) {
      this.fail(failure(error))
    }
  }

  /**
   * Whether a change comes before the place: an engine may tell of a commit after it could be read. One of another life
   * does, since the next life's changes come only after the end of this one.
   */
  private isOld({ place: { epoch, revision } }: Change): boolean {
    if (this.state === 'reading' || !this.place || this.place.epoch === NO_BUCKET.epoch) return false
    return epoch !== this.place.epoch || revision <= this.place.revision
  }

  private sendChange(change: Change): void {
    const { stats, now } = this.session.parts
    stats.lag.observe(Math.max(0, now() - change.place.time) / 1000)
    this.send(change)
  }

  private send(change: Change): void {
    this.place = change.place
    if (!this.isAllowed(change.entry)) return
    this.frames.change(change)
  }

  /** Rights are looked at for every frame; what an event is about differs from one to the next. */
  private isAllowed(entry: Entry): boolean {
    const { rightOf, isPattern } = this.subject
    const refusal = this.session.refusal(rightOf(entry))
    if (refusal && !isPattern) this.fail(refusal)
    return refusal === undefined
  }

  private fail(error: IronflowError): void {
    if (this.state === 'ended') return
    this.end()
    this.session.failed(this, error)
  }
}
