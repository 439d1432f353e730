import { describe, expect, test, vi } from 'vitest'
import * as errors from '../../src/errors/index'

const here = { ...errors }

/** The same package loaded a second time, as in a bundle that holds two of it. */
async function otherCopy(): Promise<typeof errors> {
  vi.resetModules()
  const copy = await import('../../src/errors/index')
  expect(copy.IronflowError).not.toBe(here.IronflowError)
  return copy
}

const CLASSES = [
  ['UnauthenticatedError', 'unauthenticated'],
  ['UnauthorizedError', 'unauthorized'],
  ['NotFoundError', 'not_found'],
  ['ConflictError', 'revision_conflict'],
  ['ValidationError', 'invalid_request'],
  ['RateLimitError', 'rate_limited'],
  ['TimeoutError', 'timeout'],
  ['ConnectionError', 'connection_failed'],
] as const

describe('two copies of the package', () => {
  test.each(CLASSES)('%s of one is an instance of that of the other, and of no other class', async (name, code) => {
    const there = await otherCopy()
    const foreign = there.errorFor(code, 'made elsewhere')
    expect(foreign).toBeInstanceOf(here[name])
    expect(foreign).toBeInstanceOf(here.IronflowError)
    expect(here.errorFor(code, 'made here')).toBeInstanceOf(there[name])
    expect(here.isIronflowError(foreign)).toBe(true)
    for (const [other] of CLASSES) if (other !== name) expect(foreign).not.toBeInstanceOf(here[other])
  })

  test('a plain IronflowError of one is no subclass of the other', async () => {
    const there = await otherCopy()
    const foreign = new there.IronflowError('closed', 'closed')
    expect(foreign).toBeInstanceOf(here.IronflowError)
    expect(foreign).not.toBeInstanceOf(here.NotFoundError)
  })

  test('normalize passes the error of the other copy through', async () => {
    const there = await otherCopy()
    const foreign = there.errorFor('not_found', 'gone')
    expect(here.normalize(foreign)).toBe(foreign)
  })
})

describe('a class derived by a user', () => {
  class QuotaError extends here.RateLimitError {}
  class OtherError extends here.RateLimitError {}

  test('is an instance of itself and of what it extends, not of its sisters', () => {
    const error = new QuotaError('too much', 'rate_limited')
    expect(error).toBeInstanceOf(QuotaError)
    expect(error).toBeInstanceOf(here.RateLimitError)
    expect(error).toBeInstanceOf(here.IronflowError)
    expect(error).not.toBeInstanceOf(OtherError)
    expect(error).not.toBeInstanceOf(here.NotFoundError)
  })

  test('does not claim the errors of the SDK', () => {
    expect(here.errorFor('rate_limited', 'slow down')).not.toBeInstanceOf(QuotaError)
  })
})

describe('what is no error of ours', () => {
  test.each([undefined, null, 1, 'text', {}, [], new Error('plain'), Object.create(null), { code: 'not_found' }])(
    '%o',
    (value) => {
      expect(here.isIronflowError(value)).toBe(false)
      expect(value instanceof here.IronflowError).toBe(false)
      expect(value instanceof here.NotFoundError).toBe(false)
    },
  )
})

describe('an error', () => {
  test('knows its class, code, status, retryability and cause', () => {
    const cause = new Error('underneath')
    const error = here.errorFor('unavailable', 'down', { cause, requestId: 'r-1', retryAfterMs: 5 })
    expect(error).toMatchObject({ name: 'IronflowError', code: 'unavailable', status: 503, retryable: true, cause })
    expect(error).toMatchObject({ requestId: 'r-1', retryAfterMs: 5, message: 'down' })
    expect(error.stack).toContain('ironflow-error.test')
  })

  test('has no cause where none was given, and a falsy one where that was', () => {
    expect('cause' in here.errorFor('internal', 'x')).toBe(false)
    expect(here.errorFor('internal', 'x', { cause: null }).cause).toBe(null)
  })

  test('without an answer can say that it has no status', () => {
    expect(here.errorFor('timeout', 'slow').status).toBe(504)
    expect(here.errorFor('timeout', 'slow', { status: undefined }).status).toBeUndefined()
    expect(here.errorFor('unavailable', 'bad gateway', { status: 502 }).status).toBe(502)
  })

  test('is written by JSON.stringify with its message, and without its cause', () => {
    const error = here.errorFor('revision_conflict', 'it is at 5', { currentRevision: 5, cause: new Error('secret') })
    expect(JSON.parse(JSON.stringify({ error }))).toEqual({
      error: {
        name: 'ConflictError',
        code: 'revision_conflict',
        status: 412,
        retryable: false,
        currentRevision: 5,
        message: 'it is at 5',
      },
    })
  })

  test('keeps the first method it is tagged with', () => {
    const error = here.errorFor('internal', 'x')
    expect(here.tagMethod(error, 'kv.get')).toBe(error)
    here.tagMethod(error, 'kv.put')
    expect(error.method).toBe('kv.get')
  })

  test('of kind validation names its fields in its message', () => {
    const error = here.invalid({ key: 'must not be empty', ttl: 'must be a number' })
    expect(error.message).toBe('key: must not be empty; ttl: must be a number')
    expect(error.fields).toEqual({ key: 'must not be empty', ttl: 'must be a number' })
    expect(new here.ValidationError('x').fields).toEqual({})
  })
})

describe('normalize', () => {
  test.each([
    [new Error('boom'), 'boom'],
    ['text', 'text'],
    [undefined, 'undefined'],
    [new Error(''), 'Error'],
  ])('makes an internal error of %o with it as the cause', (thrown, message) => {
    expect(here.normalize(thrown)).toMatchObject({ code: 'internal', message })
    expect(here.normalize(thrown).cause).toBe(thrown)
  })

  test('takes the code it is told', () => {
    expect(here.normalize(new Error('x'), 'timeout')).toBeInstanceOf(here.TimeoutError)
  })
})
