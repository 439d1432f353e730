import { type ErrorCode, IronflowError } from '@ironflow/core'
import { describe, expect, it } from 'vitest'
import { CommandFailed } from '../src/command-failed'
import { EXIT } from '../src/exit-code'
import { EXIT_BY_ERROR, exitCodeOf } from '../src/exit-code-of'
import { UsageError } from '../src/usage-error'

describe('exitCodeOf', () => {
  it('is 0 to 6, by meaning', () => {
    expect(EXIT).toEqual({
      ok: 0,
      failed: 1,
      usage: 2,
      notFound: 3,
      conflict: 4,
      notAuthorised: 5,
      notReachable: 6,
    })
  })

  it.each<[ErrorCode, number]>([
    ['internal', 1],
    ['storage_full', 1],
    ['rate_limited', 1],
    ['invalid_request', 2],
    ['payload_too_large', 2],
    ['not_found', 3],
    ['revision_conflict', 4],
    ['already_exists', 4],
    ['unauthenticated', 5],
    ['unauthorized', 5],
    ['connection_failed', 6],
    ['timeout', 6],
    ['unavailable', 6],
    ['invalid_response', 6],
  ])('%s is %i', (code, expected) => {
    expect(exitCodeOf(new IronflowError('x', code))).toBe(expected)
  })

  it('is never 0 for an error', () => {
    expect(Object.values(EXIT_BY_ERROR)).not.toContain(EXIT.ok)
    expect(exitCodeOf(new Error('x'))).toBe(EXIT.failed)
    expect(exitCodeOf(new UsageError('x'))).toBe(EXIT.usage)
    expect(exitCodeOf(new CommandFailed('x', EXIT.notReachable))).toBe(EXIT.notReachable)
  })
})
