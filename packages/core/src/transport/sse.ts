import { ConnectionError } from '../errors/kinds'
import { parseServerFrame } from '../protocol/envelope'
import type { ClientFrame } from '../protocol/frames'
import { HEADERS } from '../protocol/headers'
import { SseDecoder } from '../protocol/sse'
import { unusable } from './answer'
import type { Link } from './link'
import type { Connection, ConnectionSession } from './transport'

/** What an answer must be to be read as it comes. */
const EVENT_STREAM = 'text/event-stream'

/** A session as a stream of server-sent events. It is read with `fetch`, since an `EventSource` cannot send a key. */
export class SseConnection implements Connection {
  private readonly controller = new AbortController()

  constructor(
    private readonly link: Link,
    private readonly session: ConnectionSession,
  ) {
    this.run().catch((thrown: unknown) => {
      if (!this.controller.signal.aborted) session.ended({ error: link.failure(thrown) })
    })
  }

  /** What it follows is in its request. What it follows too much is not heard. */
  send(frame: ClientFrame): boolean {
    return frame.type === 'unsubscribe'
  }

  close(): void {
    this.controller.abort()
  }

  private async run(): Promise<void> {
    const { link, session } = this
    const { signal } = this.controller
    const key = await link.credentials.renew(signal)
    // Closed while the key was asked for: then there is nobody to tell.
    signal.throwIfAborted()
    const response = await link.watch(session, EVENT_STREAM, '', signal, key)
    if (!response.body || !response.headers.get(HEADERS.contentType)?.startsWith(EVENT_STREAM)) {
      throw unusable(response, '', 'event stream')
    }
    const decoder = new SseDecoder(({ data }) => {
      const frame = parseServerFrame(data)
      if (frame && !signal.aborted) session.frame(frame)
    })
    const utf8 = new TextDecoder()
    const reader = response.body.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) throw new ConnectionError('the server ended the stream', 'connection_failed')
      decoder.feed(utf8.decode(value, { stream: true }))
    }
  }
}
