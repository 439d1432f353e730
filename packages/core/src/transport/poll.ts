import { sleep } from '../pipeline/deadline'
import { isServerFrame } from '../protocol/envelope'
import type { ClientFrame, PollReply } from '../protocol/frames'
import { parseJson } from '../protocol/json'
import { unusable } from './answer'
import type { Link } from './link'
import type { Connection, ConnectionSession } from './transport'

/** How long the server waits for something to happen, in milliseconds: below what proxies allow, and two heartbeats. */
const WAIT_MS = 25_000
/** An answer without news that comes sooner was not waited for: something in between answers by itself. */
const HASTY_MS = 1_000

/**
 * A session by long polls, one after the other: for networks that let no stream pass. The first one does not wait, so
 * that it is soon known whether it works at all.
 */
export class PollConnection implements Connection {
  private readonly controller = new AbortController()
  private round = new AbortController()

  constructor(
    private readonly link: Link,
    private readonly session: ConnectionSession,
  ) {
    this.run().catch((thrown: unknown) => {
      if (!this.controller.signal.aborted) session.ended({ error: link.failure(thrown) })
    })
  }

  /** The round under way ends, and the next one asks for what is wanted by then. */
  send(frame: ClientFrame): boolean {
    if (frame.type === 'subscribe') this.round.abort()
    return true
  }

  close(): void {
    this.controller.abort()
    this.round.abort()
  }

  private async run(): Promise<void> {
    const { signal } = this.controller
    const { link } = this
    const key = await link.credentials.renew(signal)
    for (let waitMs = 0; ; waitMs = WAIT_MS) {
      this.round = new AbortController()
      // Closed while the key was asked for: then there is nobody to tell.
      signal.throwIfAborted()
      const startedAt = link.platform.now()
      try {
        const hadNews = await this.poll(waitMs, key)
        const isHasty = !hadNews && waitMs > 0 && link.platform.now() - startedAt < HASTY_MS
        if (isHasty) await sleep(link.platform, HASTY_MS, this.round.signal)
      } catch (thrown) {
        if (signal.aborted || !this.round.signal.aborted) throw thrown
      }
    }
  }

  /** One round. Answers whether it brought anything. */
  private async poll(waitMs: number, key: string | undefined): Promise<boolean> {
    const { link, session } = this
    const { signal } = this.round
    const response = await link.watch(session, 'application/json', `?waitMs=${waitMs}`, signal, key)
    const text = await response.text()
    const { frames, cursors } = (parseJson(text) ?? {}) as Partial<PollReply>
    if (!Array.isArray(frames) || !cursors) throw unusable(response, text, 'answer to a poll')
    for (const frame of frames) if (isServerFrame(frame) && !signal.aborted) session.frame(frame)
    if (!signal.aborted) session.frame({ type: 'heartbeat', cursors })
    return frames.length > 0
  }
}
