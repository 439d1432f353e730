import { sleep } from '../pipeline/deadline'
import { isServerFrame } from '../protocol/envelope'
import type { ClientFrame, PollReply } from '../protocol/frames'
import { parseJson } from '../protocol/json'
import { unusable } from './answer'
import { LinkConnection } from './connection'

/** How long the server waits for something to happen, in milliseconds: below what proxies allow, and two heartbeats. */
const WAIT_MS = 25_000
/** An answer without news that comes sooner was not waited for: something in between answers by itself. */
const HASTY_MS = 1_000

/**
 * A session by long polls, one after the other: for networks that let no stream pass. The first one does not wait, so
 * that it is soon known whether it works at all.
 */
export class PollConnection extends LinkConnection {
  private round = new AbortController()

  /** The round under way ends, and the next one asks for what is wanted by then. */
  send(frame: ClientFrame): boolean {
    if (frame.type === 'subscribe') this.round.abort()
    return true
  }

  override close(): void {
    super.close()
    this.round.abort()
  }

  protected async run(key: string | undefined): Promise<void> {
    const { platform } = this.link
    for (let waitMs = 0; !this.isOver; waitMs = WAIT_MS) {
      this.round = new AbortController()
      const { signal } = this.round
      const startedAt = platform.now()
      try {
        const hadNews = await this.poll(waitMs, key, signal)
        const isHasty = !hadNews && waitMs > 0 && platform.now() - startedAt < HASTY_MS
        if (isHasty) await sleep(platform, HASTY_MS, signal)
      } catch (thrown) {
        if (this.isOver || !signal.aborted) throw thrown
      }
    }
  }

  /** One round. Answers whether it brought anything. */
  private async poll(waitMs: number, key: string | undefined, signal: AbortSignal): Promise<boolean> {
    const { link, session } = this
    const response = await link.watch(session, 'application/json', `?waitMs=${waitMs}`, signal, key)
    const text = await response.text()
    const { frames, cursors } = (parseJson(text) ?? {}) as Partial<PollReply>
    if (!Array.isArray(frames) || !cursors) throw unusable(response, text, 'answer to a poll')
    for (const frame of frames) if (isServerFrame(frame) && !signal.aborted) session.frame(frame)
    if (!signal.aborted) session.frame({ type: 'heartbeat', cursors })
    return frames.length > 0
  }
}
