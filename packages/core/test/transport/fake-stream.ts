import type { ServerFrame } from '../../src/protocol/frames'
import { encodeSse } from '../../src/protocol/sse'
import type { Answer } from './wire'

/** An event stream whose other end is the test. */
export class FakeStream {
  isCancelled = false
  private controller: ReadableStreamDefaultController<Uint8Array> | undefined

  readonly answer: Answer = ({ signal }) => {
    signal.addEventListener('abort', () => this.controller?.error(signal.reason))
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.controller = controller
      },
      cancel: () => {
        this.isCancelled = true
      },
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } })
  }

  send(bytes: Uint8Array | string): void {
    this.controller?.enqueue(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes)
  }

  frame(frame: ServerFrame): void {
    this.send(encodeSse(frame.type, JSON.stringify(frame)))
  }

  end(): void {
    this.controller?.close()
  }

  fail(error: Error): void {
    this.controller?.error(error)
  }
}
