import { beyondLimit } from '../domain/limit'
import type { Limits } from '../options'
import type { HttpBinding } from './http'
import type { HttpRequest } from './message'

/**
 * Answers a web-standard request: for tests, edge workers and whatever else speaks `Request` and `Response`. Their URLs
 * are normalised before anybody sees them.
 */
export async function handleFetch(http: HttpBinding, request: Request, limits: Limits): Promise<Response> {
  const url = new URL(request.url)
  const { status, headers, body } = await http.handle({
    verb: request.method,
    target: url.pathname + url.search,
    header: (name) => request.headers.get(name) ?? (name === 'host' ? url.host : undefined),
    body: (limit) => readBody(request, limit, limits),
  } satisfies HttpRequest)
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
