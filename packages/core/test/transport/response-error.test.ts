import { describe, expect, test } from 'vitest'
import { IronflowError } from '../../src/errors/ironflow-error'
import { ValidationError } from '../../src/errors/kinds'
import { parseJson } from '../../src/protocol/json'
import { type ResponseHead, responseError, unusableResponse } from '../../src/transport/response-error'

const NOW = Date.UTC(2026, 0, 1)
const answer = (status: number, headers: Record<string, string> = {}): ResponseHead => ({
  status,
  headers: new Headers(headers),
})

describe('the error in an answer', () => {
  test('is the one the server sent', () => {
    const text = JSON.stringify({ code: 'invalid_request', detail: 'no', fields: { id: 'is none' } })
    const error = responseError(answer(400, { 'x-request-id': 'r1' }), text, NOW)
    expect(error).toBeInstanceOf(ValidationError)
    expect(error).toMatchObject({ status: 400, requestId: 'r1', fields: { id: 'is none' } })
    expect(error.cause).toBeUndefined()
  })

  test("quotes as its cause what is somebody else's, and not much of it", () => {
    const error = responseError(answer(502, { 'content-type': 'text/html' }), `<h1>${'x'.repeat(1_000)}`, NOW)
    expect(error).toMatchObject({ status: 502, retryable: true })
    const { message } = error.cause as Error
    expect(message).toMatch(/^received HTTP 502, text\/html: <h1>xxx/)
    expect(message.length).toBeLessThan(250)
  })

  test('says that there was nothing where there was nothing', () => {
    const error = responseError(answer(500), '', NOW)
    expect((error.cause as Error).message).toBe('received HTTP 500, no content type: (empty)')
  })

  test.each([
    ['7', 7_000],
    [' 0 ', 0],
    [new Date(NOW + 30_000).toUTCString(), 30_000],
    [new Date(NOW - 30_000).toUTCString(), 0],
    ['soon', undefined],
    ['-1', 0],
  ])('has the wait of a Retry-After of %j', (header, retryAfterMs) => {
    expect(responseError(answer(503, { 'retry-after': header }), '{}', NOW).retryAfterMs).toBe(retryAfterMs)
  })

  test.each([301, 302, 303, 307, 308])('of %i says where the server really is', (status) => {
    const error = responseError(answer(status, { location: 'https://other/' }), '', NOW)
    expect(error).toMatchObject({ code: 'invalid_response', status })
    expect(error.message).toContain('redirects to https://other/: set serverUrl')
  })

  test('of a browser that hides a redirect says what it was all the same', () => {
    const error = responseError({ ...answer(0), type: 'opaqueredirect' }, '', NOW)
    expect(error).toMatchObject({ code: 'invalid_response', status: 0 })
    expect(error.message).toContain('the server redirects: set serverUrl')
  })
})

test('an answer of success that is none of ours says what it is', () => {
  const error = unusableResponse(
    answer(200, { 'content-type': 'text/html', 'x-request-id': 'r2' }),
    '<html>',
    'event stream',
  )
  expect(error).toBeInstanceOf(IronflowError)
  expect(error).toMatchObject({ code: 'invalid_response', status: 200, requestId: 'r2' })
  expect(error.message).toBe('the response is no event stream (text/html); is serverUrl an Ironflow server?')
  expect((error.cause as Error).message).toContain('<html>')
})

test.each(['', '{', 'undefined', '<html>'])('text that is no JSON (%j) has no value', (text) => {
  expect(parseJson(text)).toBeUndefined()
})
