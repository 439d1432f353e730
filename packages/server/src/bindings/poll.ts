import { type IronflowError, invalid } from '@ironflow/core/errors'
import type { Subscription } from '@ironflow/core/protocol'
import { beyondLimit, type Limits } from '../limits'
import type { Session } from '../watch/session'
import type { Sink } from '../watch/sink'
import type { Watching } from '../watch/watching'
import type { HttpRequest, HttpResponse } from './message'
import { PollBody } from './poll-body'
import type { PollPlace, PollRoom } from './poll-room'
import type { WatchCaller } from './watch-caller'

const DEFAULT_WAIT_MS = 25_000
const MAX_WAIT_MS = 60_000
/**
 * How long an answer waits at most that says which subscriptions are refused. Others send that at once, and once; a
 * client that polls again with the same subscriptions is told again, and must not be busy with that.
 */
const REFUSAL_WAIT_MS = 1_000

/**
 * An answer with more bytes than this goes out as soon as every subscription could go on from its cursor. Until then it
 * needs a place among the large ones.
 */
const FULL = 1_048_576

/** How long it waits for that place. */
const ROOM_WAIT_MS = 10_000

/** Foundations of long polls. */
export interface PollParts {
  readonly watching: Watching
  readonly pollRoom: PollRoom
}

/**
 * Answers when something happened, or after a while: a watch for networks that let no stream pass. A subscription that
 * comes without a cursor is answered with its current values; one that comes with a cursor waits for what follows. Those
 * that are refused have an error in the answer, which waits for no longer than a second with them.
 *
 * @throws payload_too_large where the current values are too much, `unavailable` where there is no room for them
 */
export async function watchByPoll(
  { watching, pollRoom }: PollParts,
  caller: WatchCaller,
  subscriptions: readonly Subscription[],
  waitMs: number,
  request: HttpRequest,
): Promise<HttpResponse> {
  const poll = new Poll(watching, caller, pollRoom)
  const { session } = poll
  let timer: ReturnType<typeof setTimeout> | undefined
  request.onGone?.(() => poll.abandon())
  try {
    const accepted = subscriptions.filter((subscription) => session.subscribeOrTell(subscription))
    poll.begin(accepted.some(({ cursor }) => cursor === undefined))
    const hasRefused = accepted.length < subscriptions.length
    timer = setTimeout(() => poll.timeIsUp(), hasRefused ? Math.min(waitMs, REFUSAL_WAIT_MS) : waitMs)
    return await poll.reply
  } finally {
    clearTimeout(timer)
    session.end()
  }
}

/** The `waitMs` of a long poll: how long it waits for something to happen. @throws ValidationError */
export function waitMsOf(query: URLSearchParams): number {
  const text = query.get('waitMs')
  if (text === null) return DEFAULT_WAIT_MS
  if (!/^\d{1,6}$/.test(text) || Number(text) > MAX_WAIT_MS) {
    throw invalid({ waitMs: `must be a whole number of milliseconds, 0 to ${MAX_WAIT_MS}` })
  }
  return Number(text)
}

/** Collects a session's messages until there is reason to answer. */
class Poll implements Sink {
  readonly transport = 'poll'
  readonly reply: Promise<HttpResponse>
  readonly session: Session
  private readonly limits: Limits
  private readonly body = new PollBody()
  /** Among the large answers, from when it is one. */
  private place: PollPlace | undefined
  private waiting: ReturnType<typeof setTimeout> | undefined
  /** Whether all subscriptions are made, or refused. */
  private hasBegun = false
  /** Something was sent that the client cannot have known. */
  private hasNews = false
  private isOver = false
  private response: HttpResponse | undefined
  private resolve: (response: HttpResponse) => void = () => {}
  private reject: (error: IronflowError) => void = () => {}

  /** @throws as `Watching.open` */
  constructor(
    watching: Watching,
    caller: WatchCaller,
    private readonly room: PollRoom,
  ) {
    this.limits = watching.parts.limits
    this.reply = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    // The one who waits may have given up before anything is wrong.
    this.reply.catch(() => undefined)
    this.session = watching.open({ ...caller, sink: this })
  }

  get ready(): boolean {
    return !this.isOver && (this.body.bytes <= FULL || this.place?.isAdmitted === true)
  }

  /** From now on, what is sent is news. @param hasNews whether there will be some: current values */
  begin(hasNews: boolean): void {
    this.hasBegun = true
    this.hasNews = hasNews
  }

  send(type: string, text: string): void {
    if (this.isOver || type === 'heartbeat') return
    this.body.add(text)
    if (type !== 'synced' && this.hasBegun) this.hasNews = true
    const { bytes } = this.body
    if (bytes > this.limits.pollAnswerBytes) {
      const what = 'the current values are more than one answer may hold; watch over WebSocket or SSE, or with filters'
      this.fail(beyondLimit('payload_too_large', what, 'pollAnswerBytes', this.limits))
    } else if (bytes > FULL && this.session.canResume) {
      this.finish()
    } else {
      if (bytes > FULL) this.askForRoom()
      this.finishSoon()
    }
  }

  settled(): void {
    this.finishSoon()
  }

  end(): void {
    this.finish()
  }

  /** Whoever has begun with the current values gets them whole: a part of them is nothing to go on from. */
  timeIsUp(): void {
    this.hasNews = true
    this.finishSoon()
  }

  /** Answers, if there is reason to. Changes of one commit are told one after the other: the answer has them all. */
  private finishSoon(): void {
    if (!this.hasNews) return
    queueMicrotask(() => {
      if (this.session.isSettled) this.finish()
    })
  }

  /** The client is gone: what there is for it is forgotten. */
  abandon(): void {
    this.session.end()
    this.response?.stream?.cancel()
  }

  private askForRoom(): void {
    if (this.place) return
    this.place = this.room.enter(() => {
      clearTimeout(this.waiting)
      this.session.drained()
    })
    if (this.place.isAdmitted) return
    this.waiting = setTimeout(() => {
      const what = 'there is no room for another large answer; watch over WebSocket or SSE, or try again'
      this.fail(beyondLimit('unavailable', what, 'pollBytes', this.limits))
    }, ROOM_WAIT_MS)
  }

  private finish(): void {
    if (this.isOver) return
    this.isOver = true
    clearTimeout(this.waiting)
    if (this.place?.isAdmitted === false) this.place.leave()
    this.response = this.body.end(this.session.cursors(), this.place)
    this.resolve(this.response)
  }

  private fail(error: IronflowError): void {
    if (this.isOver) return
    this.isOver = true
    clearTimeout(this.waiting)
    this.place?.leave()
    this.reject(error)
  }
}
