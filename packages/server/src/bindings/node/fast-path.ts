import type { IncomingMessage, ServerResponse } from 'node:http'
import { HEADERS, parsePosition } from '@ironflow/core/protocol'
import type { ServerCore } from '../../server-core'
import { isHost } from '../http-rules'
import { isLoopbackHost } from '../loopback'
import type { HttpResponse } from '../message'
import { requestIdFrom } from '../request-id'
import { cachedRoute } from '../routes'
import { AnswerCache, type CachedAnswer, flatBody, isAsNewAs } from './answer-cache'
import { endResponse } from './end-response'

/** The method that is answered here, and its row. */
const { method: METHOD, row } = cachedRoute()

/** The parts of the path before and between bucket and key. */
const [BEFORE_BUCKET, BEFORE_KEY] = row.path.split(/:\w+\+?/)

/** A path without a query, of what the long way lets pass: printable ASCII without `#` and backslashes. */
const ENTRY_TARGET = new RegExp(`^${BEFORE_BUCKET}([\\w-]+)${BEFORE_KEY}([!"$->@-[\\]-~]+)$`)

/**
 * Returns the bucket and the decoded key that a raw URL asks for, if it is one of a KV entry. What decodes to no key of
 * a store is in no cache either, and so goes the long way.
 */
function entryTarget(url: string): { bucket: string; key: string } | undefined {
  const found = ENTRY_TARGET.exec(url)
  if (!found) return undefined
  const [, bucket, key] = found as unknown as [string, string, string]
  if (!key.includes('%')) return { bucket, key }
  try {
    return { bucket, key: decodeURIComponent(key) }
  } catch {
    return undefined
  }
}

/**
 * The short way for the most frequent request: a read of a KV entry that was read before and has not changed since. Its
 * caller is admitted as ever; only reading, validating and encoding are left out. Whatever is in any way unusual about a
 * request sends it the long way.
 */
export class FastPath {
  private readonly cache: AnswerCache
  private readonly isDev: boolean

  constructor(private readonly server: ServerCore) {
    const { engine, limits, isOpen } = server.options
    this.cache = new AnswerCache(engine, limits)
    this.isDev = isOpen
  }

  /** To be given to {@link keep} with an answer that is read from now on. */
  get clock(): number {
    return this.cache.clock
  }

  /** Answers the request, where it can. */
  answer(request: IncomingMessage, response: ServerResponse, startedAt: number, close: boolean): boolean {
    if (request.method !== 'GET') return false
    const answer = this.find(request)
    if (!answer) return false
    const requestId = requestIdFrom(request.headers[HEADERS.requestId] as string | undefined)
    const headers = [
      HEADERS.contentType,
      'application/json',
      'content-length',
      String(answer.length),
      'cache-control',
      'no-store',
      'vary',
      this.varies ? 'accept, origin' : 'accept',
      HEADERS.etag,
      answer.etag,
      HEADERS.revision,
      String(answer.revision),
      HEADERS.epoch,
      answer.epoch,
      HEADERS.environment,
      answer.environment,
      HEADERS.requestId,
      requestId,
    ]
    if (close) headers.push('connection', 'close')
    response.writeHead(200, headers)
    endResponse(response, answer.body, answer.body.length === answer.length ? 'latin1' : 'utf8')
    const { environment } = answer
    this.server.observer.served({ method: METHOD, status: 200, requestId, environment, startedAt })
    return true
  }

  /** Keeps an answer that went the long way, where it may be given again. */
  keep({ keep, body, headers }: HttpResponse, readAt: number): void {
    const etag = headers[HEADERS.etag]
    if (!keep || typeof body !== 'string' || etag === undefined) return
    this.cache.keep(keep, { ...flatBody(body), etag }, readAt)
  }

  close(): void {
    this.cache.close()
  }

  private get varies(): boolean {
    return this.isDev || this.server.options.corsOrigins.size > 0
  }

  private find({ headers, url = '' }: IncomingMessage): CachedAnswer | undefined {
    if (headers['if-none-match'] !== undefined || headers.origin !== undefined) return undefined
    if (headers[HEADERS.consistency] !== undefined) return undefined
    if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) return undefined
    const { accept, authorization, host } = headers
    if (accept !== undefined && accept !== '*/*' && accept !== 'application/json') return undefined
    if (host !== undefined && !isHost(host)) return undefined
    if (this.isDev && (host === undefined || !isLoopbackHost(host))) return undefined
    if (authorization !== undefined && !authorization.startsWith('Bearer ')) return undefined

    const params = entryTarget(url)
    if (!params) return undefined
    const { authenticator, dispatcher, options } = this.server
    const environment = headers[HEADERS.environment] as string | undefined
    const keyHash = authenticator.keyHash(authorization?.slice(7))
    const admission = dispatcher.admitKnown({ method: METHOD, environment, params }, keyHash)
    if (!admission) return undefined

    const answer = this.cache.get(admission.environment, params.bucket, params.key)
    if (!answer) return undefined
    if (answer.expiresAt !== undefined && answer.expiresAt <= options.now()) return undefined
    const seen = headers[HEADERS.minPosition] as string | undefined
    if (seen === undefined) return answer
    const position = parsePosition(seen)
    return position && isAsNewAs(answer, position) ? answer : undefined
  }
}
