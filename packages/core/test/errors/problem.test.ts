import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CODES, type ErrorCode } from '../../src/errors/codes'
import {
  ConflictError,
  errorFor,
  NotFoundError,
  RateLimitError,
  UnauthenticatedError,
  ValidationError,
} from '../../src/errors/kinds'
import { fromProblem, toProblem } from '../../src/errors/problem'

const wireCodes = (Object.keys(CODES) as ErrorCode[]).filter((code) => CODES[code].status !== undefined)

test('an error comes back from its problem as it went in', () => {
  const init = fc.record(
    {
      requestId: fc.string({ minLength: 1 }),
      retryAfterMs: fc.nat(),
      details: fc.dictionary(fc.string(), fc.string()),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.constantFrom(...wireCodes), fc.string({ minLength: 1 }), init, (code, message, known) => {
      const error = errorFor(code, message, { ...known, fields: { key: 'is wrong' }, currentRevision: 7 })
      const problem = JSON.parse(JSON.stringify(toProblem(error)))
      const back = fromProblem(problem, problem.status)
      expect(Object.getPrototypeOf(back)).toBe(Object.getPrototypeOf(error))
      expect({ ...back }).toEqual({ ...error })
      expect(back.message).toBe(message)
    }),
  )
})

test('a problem has the members plain readers look for, and no stack', () => {
  const problem = toProblem(
    errorFor('revision_conflict', 'stale', { currentRevision: 9, cause: new Error('secret') }),
    'r',
  )
  expect(JSON.parse(JSON.stringify(problem))).toEqual({
    title: 'Revision conflict',
    status: 412,
    detail: 'stale',
    error: 'stale',
    code: 'revision_conflict',
    requestId: 'r',
    currentRevision: 9,
  })
})

describe('an answer that is not ours', () => {
  const foreign = [undefined, {}, 'text', [], null, { code: 404 }, { code: 'constructor' }, { error: 'Not Found' }]

  test.each(foreign)('404 with %o is no NotFoundError', (body) => {
    const error = fromProblem(body, 404)
    expect(error).not.toBeInstanceOf(NotFoundError)
    expect(error).toMatchObject({ code: 'invalid_response', status: 404, retryable: false })
  })

  test.each([409, 412])('%i is no conflict', (status) => {
    expect(fromProblem(undefined, status)).toMatchObject({ code: 'invalid_response', status })
    expect(fromProblem(undefined, status)).not.toBeInstanceOf(ConflictError)
  })

  test('422 is a wrong call and has nothing to do with idempotency', () => {
    expect(fromProblem({ message: 'unprocessable' }, 422)).toBeInstanceOf(ValidationError)
    expect(fromProblem(undefined, 422)).toMatchObject({ code: 'invalid_request', status: 422 })
  })

  test('408 may be tried again', () => {
    expect(fromProblem(undefined, 408)).toMatchObject({ code: 'timeout', status: 408, retryable: true })
  })

  test('its 401, 429 and 5xx are believed', () => {
    expect(fromProblem(undefined, 401)).toBeInstanceOf(UnauthenticatedError)
    expect(fromProblem(undefined, 429, { retryAfterMs: 70 })).toBeInstanceOf(RateLimitError)
    expect(fromProblem(undefined, 429, { retryAfterMs: 70 }).retryAfterMs).toBe(70)
    expect(fromProblem(undefined, 502)).toMatchObject({ code: 'unavailable', status: 502, retryable: true })
  })

  test.each(['aborted', 'closed', 'connection_failed', 'not_configured'])('cannot claim the code %s', (code) => {
    expect(fromProblem({ code, detail: 'x' }, 500)).toMatchObject({ code: 'internal', message: 'x' })
  })

  test('members of the wrong type are left out', () => {
    const error = fromProblem(
      { code: 'revision_conflict', detail: 5, requestId: {}, fields: [], currentRevision: '9', retryAfterMs: 'x' },
      412,
      { requestId: 'from-header' },
    )
    expect(error).toMatchObject({ message: 'the server responded with 412', requestId: 'from-header' })
    expect(error).toMatchObject({ currentRevision: undefined, retryAfterMs: undefined })
  })

  test('a wait below zero is none', () => {
    expect(fromProblem({ code: 'rate_limited', retryAfterMs: -500 }, 429).retryAfterMs).toBe(0)
  })
})
