import { ConnectionError, type IronflowError, TimeoutError } from '@ironflow/core'

/** Codes by which Node's HTTP client says that it waited for too long. */
const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'])

/**
 * What a failed `fetch` means. Node says only "fetch failed"; the reason (`connect ECONNREFUSED 127.0.0.1:9123`) is
 * further down its causes.
 */
export function networkError(thrown: unknown): IronflowError {
  const chain = causesOf(thrown)
  const last = chain.filter((error) => error.message !== '').at(-1)
  const message = last?.message ?? String(thrown)
  const timedOut = chain.some((error) => TIMEOUTS.has(String((error as NodeJS.ErrnoException).code)))
  return timedOut
    ? new TimeoutError(message, 'timeout', { status: undefined, cause: thrown })
    : new ConnectionError(message, 'connection_failed', { cause: thrown })
}

/** An error and what caused it, outermost first. An `AggregateError` (several addresses tried) counts by its first. */
function causesOf(thrown: unknown): Error[] {
  const chain: Error[] = []
  let next = thrown
  while (next instanceof Error && chain.length < 8) {
    chain.push(next)
    next = next instanceof AggregateError ? next.errors[0] : next.cause
  }
  return chain
}
