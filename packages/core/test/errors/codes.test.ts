import { describe, expect, test } from 'vitest'
import { CODES, codeForStatus, type ErrorCode, isErrorCode } from '../../src/errors/codes'

/** The table of the wire: code, status, whether trying again can help. */
const WIRE: ReadonlyArray<[ErrorCode, number, boolean]> = [
  ['invalid_request', 400, false],
  ['unauthenticated', 401, false],
  ['unauthorized', 403, false],
  ['not_found', 404, false],
  ['unknown_route', 404, false],
  ['method_not_allowed', 405, false],
  ['already_exists', 409, false],
  ['confirmation_required', 409, false],
  ['revision_conflict', 412, false],
  ['payload_too_large', 413, false],
  ['unsupported_media_type', 415, false],
  ['idempotency_conflict', 422, false],
  ['rate_limited', 429, true],
  ['headers_too_large', 431, false],
  ['internal', 500, true],
  ['unsupported', 501, false],
  ['unavailable', 503, true],
  ['timeout', 504, true],
  ['storage_full', 507, false],
]
const CLIENT_ONLY: ErrorCode[] = ['connection_failed', 'aborted', 'closed', 'invalid_response', 'not_configured']

describe('the codes', () => {
  test.each(WIRE)('%s is %i on the wire, retryable: %s', (code, status, retryable) => {
    expect(CODES[code]).toMatchObject({ status, retryable })
  })

  test('are those of the wire and those only a client makes, and no others', () => {
    expect(Object.keys(CODES).sort()).toEqual([...WIRE.map(([code]) => code), ...CLIENT_ONLY].sort())
    for (const code of CLIENT_ONLY) expect(CODES[code].status).toBeUndefined()
  })

  test.each(WIRE.filter(([code]) => code !== 'confirmation_required' && code !== 'unknown_route'))(
    '%s comes back from status %i',
    (code, status) => {
      expect(codeForStatus(status)).toBe(code)
    },
  )

  test('statuses that are not listed count by their class', () => {
    expect([402, 418, 499].map(codeForStatus)).toEqual(['invalid_request', 'invalid_request', 'invalid_request'])
    expect([502, 520, 599].map(codeForStatus)).toEqual(['unavailable', 'unavailable', 'unavailable'])
    expect([0, 100, 204, 302, 600].map(codeForStatus)).toEqual(Array(5).fill('invalid_response'))
  })

  test('what every object has is no code', () => {
    for (const value of ['toString', 'constructor', '__proto__', '', undefined, null, 404, {}]) {
      expect(isErrorCode(value)).toBe(false)
    }
    expect(isErrorCode('not_found')).toBe(true)
  })
})
