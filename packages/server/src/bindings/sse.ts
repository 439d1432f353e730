import { encodeSse, type GoodbyeFrame, type Subscription } from '@ironflow/core/protocol'
import type { Session } from '../watch/session'
import type { Sink } from '../watch/sink'
import type { Watching } from '../watch/watching'
import type { BodyStream, HttpResponse, StreamOutput } from './message'
import type { WatchCaller } from './watch-caller'

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // Some proxies collect a body before they hand it on, unless told not to.
  'x-accel-buffering': 'no',
} as const

/**
 * Answers with a stream of events that ends when the client, its key or the server goes.
 *
 * @param isOne whether the route watches one thing: then messages do not say which subscription they are about
 * @throws what keeps the one thing from being watched: then there is no stream, but a problem
 */
export function watchOverSse(
  watching: Watching,
  caller: WatchCaller,
  subscriptions: readonly Subscription[],
  isOne: boolean,
): HttpResponse {
  const stream = new SseStream(watching, caller, subscriptions.length === 1)
  const { session } = stream
  try {
    session.welcome()
    for (const subscription of subscriptions) {
      if (isOne) session.subscribe(subscription, false)
      else session.subscribeOrTell(subscription)
    }
  } catch (error) {
    session.end()
    throw error
  }
  return { status: 200, headers: { ...HEADERS }, stream }
}

/** A session's messages as events. Until its output begins, what is sent waits. */
class SseStream implements Sink, BodyStream {
  readonly transport = 'sse'
  readonly session: Session
  private output: StreamOutput | undefined
  private early = ''
  private hasEnded = false

  /**
   * @param hasIds whether an event's cursor is all a client needs to come back with: of one subscription it is
   * @throws as `Watching.open`
   */
  constructor(
    watching: Watching,
    caller: WatchCaller,
    private readonly hasIds: boolean,
  ) {
    this.session = watching.open({ ...caller, sink: this })
  }

  get ready(): boolean {
    return this.output?.ready ?? false
  }

  send(type: string, text: string, cursor?: string): void {
    if (this.hasEnded) return
    const id = this.hasIds ? cursor : undefined
    const retryMs = type === 'goodbye' ? (JSON.parse(text) as GoodbyeFrame).retryAfterMs : undefined
    const event = encodeSse(type, text, { id, retryMs })
    if (this.output) this.output.write(event)
    else this.early += event
  }

  settled(): void {
    // A stream goes on.
  }

  end(): void {
    this.hasEnded = true
    this.output?.end()
  }

  start(output: StreamOutput): void {
    this.output = output
    if (this.early !== '') output.write(this.early)
    this.early = ''
    if (this.hasEnded) output.end()
    else this.session.drained()
  }

  drained(): void {
    this.session.drained()
  }

  cancel(): void {
    this.session.end()
  }
}
