import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CODES, type ErrorCode } from '../../src/errors/codes'
import { errorFor } from '../../src/errors/kinds'
import { type FailedAttempt, LAST_MUTATING_RETRY_MS, retryDelayMs } from '../../src/pipeline/retry'

const POLICY = { maxAttempts: 4, baseDelayMs: 100, maxDelayMs: 30_000 }

function failed(change: Partial<FailedAttempt> = {}): FailedAttempt {
  return {
    error: errorFor('unavailable', 'down'),
    attempts: 1,
    elapsedMs: 5,
    remainingMs: 30_000,
    mutating: false,
    random: 0.5,
    ...change,
  }
}

describe('whether to try again', () => {
  test.each(Object.entries(CODES) as Array<[ErrorCode, { retryable: boolean }]>)('after %s', (code, { retryable }) => {
    expect(retryDelayMs(failed({ error: errorFor(code, 'x') }), POLICY)).toBe(retryable ? 50 : undefined)
  })

  const limited = (retryAfterMs: number) => errorFor('rate_limited', 'slow down', { retryAfterMs })

  test.each<[string, Partial<FailedAttempt>, number | undefined]>([
    ['the first failure', {}, 50],
    ['the second failure', { attempts: 2 }, 100],
    ['the last attempt', { attempts: 4 }, undefined],
    ['a wait the server asks for, plus jitter', { error: limited(2000) }, 2050],
    ['a wait of nothing', { error: limited(0) }, 50],
    ['a wait that just fits', { error: limited(2000), remainingMs: 2051 }, 2050],
    ['a wait that ends with the time', { error: limited(2000), remainingMs: 2050 }, undefined],
    ['a wait beyond the time', { error: limited(60_000) }, undefined],
    ['time that is over', { remainingMs: -1 }, undefined],
    ['a write at its 90th second', { mutating: true, elapsedMs: 89_950, remainingMs: 1e6 }, 50],
    ['a write after its 90th second', { mutating: true, elapsedMs: 89_951, remainingMs: 1e6 }, undefined],
    ['a read after its 90th second', { elapsedMs: 500_000, remainingMs: 1e6 }, 50],
    [
      'a wait without end',
      { error: limited(Number.POSITIVE_INFINITY), remainingMs: Number.POSITIVE_INFINITY },
      undefined,
    ],
  ])('%s', (_, change, delayMs) => {
    expect(retryDelayMs(failed(change), POLICY)).toBe(delayMs)
  })

  test('an error can overrule its code', () => {
    expect(retryDelayMs(failed({ error: errorFor('not_found', 'x', { retryable: true }) }), POLICY)).toBe(50)
    expect(retryDelayMs(failed({ error: errorFor('internal', 'x', { retryable: false }) }), POLICY)).toBeUndefined()
  })
})

test('a wait is at least what the server asks for, fits the time, and no write is repeated late', () => {
  const attempt = fc.record({
    attempts: fc.integer({ min: 1, max: 10 }),
    elapsedMs: fc.nat(200_000),
    remainingMs: fc.integer({ min: -1000, max: 200_000 }),
    mutating: fc.boolean(),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  })
  fc.assert(
    fc.property(attempt, fc.nat(100_000), fc.integer({ min: 1, max: 10 }), (known, retryAfterMs, maxAttempts) => {
      const error = errorFor('rate_limited', 'x', { retryAfterMs })
      const delayMs = retryDelayMs({ ...known, error }, { ...POLICY, maxAttempts })
      if (delayMs === undefined) return
      expect(delayMs).toBeGreaterThanOrEqual(retryAfterMs)
      expect(delayMs).toBeLessThan(known.remainingMs)
      expect(known.attempts).toBeLessThan(maxAttempts)
      if (known.mutating) expect(known.elapsedMs + delayMs).toBeLessThanOrEqual(LAST_MUTATING_RETRY_MS)
    }),
  )
})
