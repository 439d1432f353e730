import { ConnectionError, TimeoutError } from '@ironflow/core'
import { describe, expect, test } from 'vitest'
import { networkError } from '../src/network-error'

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

test('what failed is found below what fetch says', () => {
  const thrown = new TypeError('fetch failed', { cause: coded('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:9') })
  const error = networkError(thrown)
  expect(error).toBeInstanceOf(ConnectionError)
  expect(error).toMatchObject({ message: 'connect ECONNREFUSED 127.0.0.1:9', cause: thrown, status: undefined })
})

test('of several addresses the first says what failed', () => {
  const errors = [coded('ECONNREFUSED', 'connect ECONNREFUSED ::1:9'), coded('ECONNREFUSED', 'connect 127.0.0.1:9')]
  const thrown = new TypeError('fetch failed', { cause: new AggregateError(errors) })
  expect(networkError(thrown).message).toBe('connect ECONNREFUSED ::1:9')
})

test.each(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'])(
  '%s is a TimeoutError, to which no server gave a status',
  (code) => {
    const error = networkError(new TypeError('fetch failed', { cause: coded(code, 'too slow') }))
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({ code: 'timeout', message: 'too slow', status: undefined, retryable: true })
  },
)

describe('what is no error, or one that turns in a circle', () => {
  const circle = new Error('round')
  circle.cause = new Error('and round', { cause: circle })

  test.each([['text'], [undefined], [null], [{}], [circle], [new AggregateError([])], [new Error('')]])(
    '%o is a ConnectionError with it as the cause',
    (thrown) => {
      const error = networkError(thrown)
      expect(error).toBeInstanceOf(ConnectionError)
      expect(error.cause).toBe(thrown)
    },
  )
})
