import { beyondLimit, type Limits } from '../limits'
import type { HttpBinding } from './http'
import type { BodyStream, HttpRequest } from './message'

/**
 * Answers a web-standard request: for tests, edge workers and whatever else speaks `Request` and `Response`. Their URLs
 * are normalised before anybody sees them.
 */
export async function handleFetch(http: HttpBinding, request: Request): Promise<Response> {
  const { limits } = http.core.options
  const url = new URL(request.url)
  const { status, headers, body, stream } = await http.handle({
    verb: request.method,
    target: url.pathname + url.search,
    header: (name) => request.headers.get(name) ?? (name === 'host' ? url.host : undefined),
    body: (limit) => readBody(request, limit, limits),
    onGone: (listener) => request.signal.addEventListener('abort', listener, { once: true }),
  } satisfies HttpRequest)
  if (stream) return new Response(readable(stream), { status, headers })
  const isEmpty = body === undefined || request.method === 'HEAD'
  return new Response(isEmpty ? null : (body as BodyInit), { status, headers })
}

async function readBody(request: Request, limit: number, limits: Limits): Promise<Uint8Array> {
  const tooLarge = () => beyondLimit('payload_too_large', 'the body is too large', 'bodyBytes', limits)
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw tooLarge()
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = request.body?.getReader()
  for (;;) {
    const chunk = await reader?.read()
    if (!chunk || chunk.done) break
    size += chunk.value.length
    if (size > limit) {
      await reader?.cancel()
      throw tooLarge()
    }
    chunks.push(chunk.value)
  }
  const body = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    body.set(chunk, offset)
    offset += chunk.length
  }
  return body
}

/** Bytes of a stream that may wait for their reader. */
const STREAM_BUFFER_BYTES = 65_536

function readable(stream: BodyStream): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let isOpen = true
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        stream.start({
          get ready() {
            return isOpen && (controller.desiredSize ?? 0) > 0
          },
          write(content) {
            if (isOpen) controller.enqueue(typeof content === 'string' ? encoder.encode(content) : content)
          },
          end(last) {
            if (isOpen && last) controller.enqueue(last)
            if (isOpen) controller.close()
            isOpen = false
          },
        })
      },
      pull: () => stream.drained(),
      cancel: () => {
        isOpen = false
        stream.cancel()
      },
    },
    { highWaterMark: STREAM_BUFFER_BYTES, size: (chunk) => chunk.byteLength },
  )
}
