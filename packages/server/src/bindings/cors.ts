import type { Logger } from '../observe/logger'
import { isLoopbackOrigin } from './loopback'
import type { HttpRequest } from './message'

const ALLOWED_HEADERS = [
  'authorization',
  'content-type',
  'if-match',
  'if-none-match',
  'idempotency-key',
  'last-event-id',
  'traceparent',
  'x-request-id',
  // A list cannot say x-ironflow-*: these are all there are.
  'x-ironflow-client',
  'x-ironflow-consistency',
  'x-ironflow-environment',
  'x-ironflow-min-revision',
].join(', ')

const EXPOSED_HEADERS = [
  'etag',
  'retry-after',
  'x-request-id',
  'x-ironflow-environment',
  'x-ironflow-epoch',
  'x-ironflow-revision',
].join(', ')

/** Seconds for which a browser may remember what a preflight said; Chromium remembers no longer than two hours. */
const MAX_AGE = '7200'

/** Refused origins that are remembered; beyond it they may be reported again. */
const MAX_REFUSED = 1_000

/** Which pages may call this server, and what it tells their browsers. */
export class Cors {
  /** Origins that were reported as refused. */
  private readonly refused = new Set<string>()

  /** @param allowLoopback pages on this machine may, whatever their port: for development */
  constructor(
    private readonly origins: ReadonlySet<string>,
    private readonly allowLoopback: boolean,
    private readonly logger: Logger,
  ) {}

  /** Whether answers differ by origin, so that every one must say so, also to a request without one. */
  get varies(): boolean {
    return this.allowLoopback || this.origins.size > 0
  }

  /** Whether pages of this origin may call. */
  allows(origin: string): boolean {
    return this.origins.has(origin) || (this.allowLoopback && isLoopbackOrigin(origin))
  }

  /** Logs the first request from each origin whose pages may not call: their browsers do not say why it failed. */
  reportRefused(request: HttpRequest): void {
    const origin = request.header('origin')
    if (origin === undefined || this.allows(origin) || this.refused.has(origin)) return
    // A page that this server's own address delivered needs no permission.
    if (origin.replace(/^https?:\/\//, '') === request.header('host')) return
    if (this.refused.size >= MAX_REFUSED) this.refused.clear()
    this.refused.add(origin)
    this.logger.warn({ origin }, 'pages of this origin may not call: add it to corsOrigins if they should')
  }

  /** What an answer to this request carries. */
  headers(request: HttpRequest): Record<string, string> {
    const origin = request.header('origin')
    if (origin === undefined || !this.allows(origin)) return {}
    return { 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED_HEADERS }
  }

  /** What the answer to a preflight carries besides. */
  preflight(request: HttpRequest, methods: string): Record<string, string> {
    const origin = request.header('origin')
    if (origin === undefined || request.header('access-control-request-method') === undefined) return {}
    if (!this.allows(origin)) return {}
    return {
      'access-control-allow-methods': methods,
      'access-control-allow-headers': ALLOWED_HEADERS,
      'access-control-max-age': MAX_AGE,
    }
  }
}
