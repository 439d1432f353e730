import { ConnectionError } from '../errors/kinds'
import { parseServerFrame } from '../protocol/envelope'
import type { ClientFrame } from '../protocol/frames'
import { HEADERS } from '../protocol/headers'
import { SseDecoder } from '../protocol/sse'
import { RequestConnection } from './request-connection'
import { unusableResponse } from './response-error'

/** The content type of a response that is read as it comes. */
const EVENT_STREAM = 'text/event-stream'

/** A session as a stream of server-sent events. It is read with `fetch`, since an `EventSource` cannot send a key. */
export class SseConnection extends RequestConnection {
  /** What it follows is in its request. What comes for a subscription that has ended is dropped. */
  send(frame: ClientFrame): boolean {
    return frame.type === 'unsubscribe'
  }

  protected run(key: string | undefined, signal: AbortSignal): Promise<void> {
    return this.carry(this.session.subscriptions(), signal, async (wanted, onFrame) => {
      const response = await this.ask(wanted, EVENT_STREAM, '', key, signal)
      if (!response.body || !response.headers.get(HEADERS.contentType)?.startsWith(EVENT_STREAM)) {
        throw unusableResponse(response, '', 'event stream')
      }
      const decoder = new SseDecoder(({ data }) => onFrame(parseServerFrame(data)))
      const utf8 = new TextDecoder()
      const reader = response.body.getReader()
      for (;;) {
        const { done, value } = await reader.read()
        if (done) throw new ConnectionError('the server ended the stream', 'connection_failed')
        decoder.feed(utf8.decode(value, { stream: true }))
      }
    })
  }
}
