import { ConnectionError, TimeoutError } from '@ironflow/core'
import { describe, expect, test } from 'vitest'
import { networkError } from '../src/network-error'

const reach = { server: 'https://config.test:9123', source: 'the option serverUrl' }

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

test('what happened is found below what the HTTP client says', () => {
  const thrown = new TypeError('fetch failed', { cause: coded('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:9') })
  const error = networkError(thrown, reach)
  expect(error).toBeInstanceOf(ConnectionError)
  expect(error.message).toBe(
    'cannot reach https://config.test:9123 (the option serverUrl): connect ECONNREFUSED 127.0.0.1:9; is the server running, and on this port?',
  )
  expect(error).toMatchObject({ cause: thrown, status: undefined })
})

test('of several addresses the first says what failed', () => {
  const errors = [coded('ECONNREFUSED', 'connect ECONNREFUSED ::1:9'), coded('ECONNREFUSED', 'connect 127.0.0.1:9')]
  const thrown = new TypeError('fetch failed', { cause: new AggregateError(errors) })
  expect(networkError(thrown, reach).message).toContain(': connect ECONNREFUSED ::1:9;')
})

test('a proxy on the way is named', () => {
  const error = networkError(coded('ECONNREFUSED', 'connect ECONNREFUSED'), { ...reach, proxy: 'proxy.test:3128' })
  expect(error.message).toContain('(the option serverUrl) through the proxy proxy.test:3128: connect')
})

test.each(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'])(
  '%s is a TimeoutError, to which no server gave a status',
  (code) => {
    const error = networkError(new TypeError('fetch failed', { cause: coded(code, 'too slow') }), reach)
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({ code: 'timeout', status: undefined, retryable: true })
    expect(error.message).toContain(': too slow')
  },
)

describe('what is no error, or one that turns in a circle', () => {
  const circle = new Error('round')
  circle.cause = new Error('and round', { cause: circle })

  test.each([['text'], [undefined], [null], [{}], [circle], [new AggregateError([])], [new Error('')]])(
    '%o is a ConnectionError with it as the cause',
    (thrown) => {
      const error = networkError(thrown, reach)
      expect(error).toBeInstanceOf(ConnectionError)
      expect(error.cause).toBe(thrown)
    },
  )
})
