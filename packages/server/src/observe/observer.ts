import type { ErrorCode, IronflowError } from '@ironflow/core/errors'
import type { MethodName } from '@ironflow/core/protocol'
import type { Logger } from './logger'
import type { RequestStats } from './request-stats'

/** What a request was about: a method, watching, one of the server's own routes, or nothing there is. */
export type Label = MethodName | 'watch' | 'meta' | 'none'

/** A request that was answered. */
export interface Served {
  readonly method: Label
  readonly status: number
  readonly requestId: string
  readonly environment: string | undefined
  /** As `performance.now()` said when it came. */
  readonly startedAt: number
  readonly error?: IronflowError | undefined
}

/**
 * Counts and logs every answer. A log line has no key, no value and no URL; an error of the server's own has its cause,
 * since nobody else will ever see it.
 */
export class Observer {
  constructor(
    readonly stats: RequestStats,
    private readonly logger: Logger,
  ) {}

  served({ method, status, requestId, environment, startedAt, error }: Served): void {
    const durationMs = performance.now() - startedAt
    this.count(method, error?.code ?? 'ok', durationMs)
    if (status < 500 && !this.isDebug()) return
    const fields = { method, status, durationMs: Math.round(durationMs * 100) / 100, requestId, environment }
    // That the server is not ready is for its prober to know: a line for each question would drown the rest.
    if (status < 500 || !error || method === 'meta') this.logger.debug({ ...fields, code: error?.code }, 'request')
    else this.logger.error({ ...fields, code: error.code, reason: error.message, err: error.cause }, 'request failed')
  }

  /** Whether requests that succeed are logged at all. */
  isDebug(): boolean {
    return this.logger.isLevelEnabled?.('debug') ?? true
  }

  count(method: Label, code: ErrorCode | 'ok', durationMs: number): void {
    this.stats.observe(method, code, durationMs / 1000)
  }
}
