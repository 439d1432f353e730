import { type IronflowError, invalid } from '@ironflow/core/errors'
import { RawJson, type Subscription } from '@ironflow/core/protocol'
import { beyondLimit } from '../domain/limit'
import type { Limits } from '../options'
import type { Session } from '../watch/session'
import type { Sink } from '../watch/sink'
import type { Watching } from '../watch/watching'
import { jsonResponse } from './answer'
import type { HttpRequest, HttpResponse } from './message'
import type { Watcher } from './watcher'

const DEFAULT_WAIT_MS = 25_000
const MAX_WAIT_MS = 60_000
/**
 * How long an answer waits at most that says which subscriptions are refused. Others send that at once, and once; a
 * client that polls again with the same subscriptions is told again, and must not be busy with that.
 */
const REFUSAL_WAIT_MS = 1_000

/** An answer with more characters than this goes out as soon as every subscription could go on from its cursor. */
const FULL = 1_048_576

/**
 * Answers when something happened, or after a while: a watch for networks that let no stream pass. A subscription that
 * comes without a cursor is answered with its current values; one that comes with a cursor waits for what follows. Those
 * that are refused have an error in the answer, which waits for no longer than a second with them.
 *
 * @throws payload_too_large where the current values are too much
 */
export async function watchByPoll(
  watching: Watching,
  watcher: Watcher,
  subscriptions: readonly Subscription[],
  waitMs: number,
  request: HttpRequest,
): Promise<HttpResponse> {
  const poll = new Poll(watching.parts.limits)
  const session = watching.open({ ...watcher, sink: poll })
  poll.session = session
  let timer: ReturnType<typeof setTimeout> | undefined
  request.onGone?.(() => session.end())
  try {
    const accepted = subscriptions.filter((subscription) => session.subscribeOrTell(subscription))
    poll.begin(accepted.some(({ cursor }) => cursor === undefined))
    const hasRefused = accepted.length < subscriptions.length
    timer = setTimeout(() => poll.timeIsUp(), hasRefused ? Math.min(waitMs, REFUSAL_WAIT_MS) : waitMs)
    return jsonResponse(200, await poll.reply)
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

interface PollAnswer {
  frames: RawJson[]
  cursors: Record<string, string>
}

/** Collects a session's messages until there is reason to answer. */
class Poll implements Sink {
  readonly transport = 'poll'
  readonly reply: Promise<PollAnswer>
  session: Session | undefined
  private readonly frames: RawJson[] = []
  private length = 0
  /** Whether all subscriptions are made, or refused. */
  private hasBegun = false
  /** Something was sent that the client cannot have known. */
  private hasNews = false
  private isOver = false
  private resolve: (answer: PollAnswer) => void = () => {}
  private reject: (error: IronflowError) => void = () => {}

  constructor(private readonly limits: Limits) {
    this.reply = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    // The one who waits may have given up before anything is wrong.
    this.reply.catch(() => undefined)
  }

  get ready(): boolean {
    return !this.isOver
  }

  /** From now on, what is sent is news. @param hasNews whether there will be some: current values */
  begin(hasNews: boolean): void {
    this.hasBegun = true
    this.hasNews = hasNews
  }

  send(type: string, text: string): void {
    if (this.isOver || type === 'heartbeat') return
    this.frames.push(new RawJson(text))
    this.length += text.length
    if (type !== 'synced' && this.hasBegun) this.hasNews = true
    if (this.length > this.limits.pollAnswerBytes) this.fail()
    else if (this.length > FULL && this.session?.canResume) this.finish()
    else this.finishSoon()
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
      if (this.session?.isSettled) this.finish()
    })
  }

  private finish(): void {
    if (this.isOver) return
    this.isOver = true
    const cursors = this.session?.cursors() ?? {}
    this.resolve({ frames: this.frames, cursors })
  }

  private fail(): void {
    this.isOver = true
    const what = 'the current values are more than one answer may hold; watch over WebSocket or SSE, or with filters'
    this.reject(beyondLimit('payload_too_large', what, 'pollAnswerBytes', this.limits))
  }
}
