import { sleep } from '../async/sleep'
import { isServerFrame } from '../protocol/envelope'
import type { ClientFrame, PollReply, Subscription } from '../protocol/frames'
import { parseJson } from '../protocol/json'
import { type FrameHandler, RequestConnection } from './request-connection'
import { unusableResponse } from './response-error'

/** How long the server waits for something to happen, in milliseconds: below what proxies allow, and two heartbeats. */
const WAIT_MS = 25_000
/** A response without news that comes sooner was not waited for: something in between responds by itself. */
const HASTY_MS = 1_000

/**
 * A session by long polls, one after the other: for networks that let no stream pass. The first one does not wait, so
 * that it is soon known whether it works at all.
 */
export class PollConnection extends RequestConnection {
  private round = new AbortController()

  /** The round under way ends, and the next one asks for what is wanted by then. */
  send(frame: ClientFrame): boolean {
    if (frame.type === 'subscribe') this.round.abort()
    return true
  }

  protected async run(key: string | undefined, signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.round.abort())
    while (!this.isOver) {
      this.round = new AbortController()
      const { signal } = this.round
      try {
        await this.carry(this.session.subscriptions(), signal, (wanted, onFrame) =>
          this.follow(wanted, onFrame, key, signal),
        )
      } catch (thrown) {
        if (!signal.aborted) throw thrown
      }
    }
  }

  /** Polls for those subscriptions, as long as they are wanted. */
  private async follow(
    wanted: readonly Subscription[],
    onFrame: FrameHandler,
    key: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { platform } = this.link
    const ids = new Set(wanted.map(({ id }) => id))
    let asked = wanted
    for (let waitMs = 0; asked.length > 0 && !signal.aborted; waitMs = WAIT_MS) {
      const startedAt = platform.now()
      const response = await this.ask(asked, 'application/json', `?waitMs=${waitMs}`, key, signal)
      const text = await response.text()
      const { frames, cursors } = (parseJson(text) ?? {}) as Partial<PollReply>
      if (!Array.isArray(frames) || !cursors) throw unusableResponse(response, text, 'reply to a poll')
      for (const frame of [...frames, { type: 'heartbeat', cursors }]) {
        if (isServerFrame(frame) && !signal.aborted) onFrame(frame)
      }
      const isHasty = frames.length === 0 && waitMs > 0 && platform.now() - startedAt < HASTY_MS
      if (isHasty) await sleep(platform, HASTY_MS, signal)
      asked = this.session.subscriptions().filter(({ id }) => ids.has(id))
    }
  }
}
