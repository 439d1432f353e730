import { describe, expect, test } from 'vitest'
import { errorFor, RateLimitError, TimeoutError, ValidationError } from '../../src/errors/kinds'
import { broken, clientOver, failure, hang } from '../fake-transport'

describe('a call that fails and may succeed later', () => {
  test('is tried again until it does', async () => {
    const { client, platform, transport, failures } = clientOver((_, attempt) => {
      if (attempt < 4) throw broken()
      return { name: 'a', data: {} }
    })
    await platform.run(client.config().get('a'))
    expect(transport.calls).toHaveLength(4)
    // Half of 100, 200 and 400: the fake chance is 0.5.
    expect(platform.elapsed).toBe(50 + 100 + 200)
    expect(failures).toEqual([])
  })

  test('is given up after the fourth attempt with the last error', async () => {
    const errors = [broken(), broken(), broken(), broken()]
    const { client, platform, transport } = clientOver((_, attempt) => {
      throw errors[attempt - 1]
    })
    expect(await failure(platform.run(client.config().get('a')))).toBe(errors[3])
    expect(transport.calls).toHaveLength(4)
  })

  test('is tried once where retries are off', async () => {
    const { client, transport } = clientOver(
      () => {
        throw broken()
      },
      { retry: false },
    )
    await failure(client.config().get('a'))
    expect(transport.calls).toHaveLength(1)
  })

  test('waits at least as long as the server asks', async () => {
    const { client, platform } = clientOver((_, attempt) => {
      if (attempt === 1) throw new RateLimitError('slow down', 'rate_limited', { retryAfterMs: 7000 })
      return { name: 'a', data: {} }
    })
    await platform.run(client.config().get('a'))
    expect(platform.elapsed).toBe(7050)
  })

  test('begins no wait that its time does not allow, and says what went wrong instead', async () => {
    const { client, platform, transport } = clientOver(() => {
      throw new RateLimitError('slow down', 'rate_limited', { retryAfterMs: 60_000 })
    })
    const error = await failure(platform.run(client.config().get('a')))
    expect(error).toBeInstanceOf(RateLimitError)
    expect([platform.elapsed, transport.calls.length]).toEqual([0, 1])
  })
})

describe('a call that cannot succeed', () => {
  test.each(['invalid_request', 'unauthorized', 'not_found', 'revision_conflict', 'invalid_response'] as const)(
    'with %s is made once',
    async (code) => {
      const { client, platform, transport } = clientOver(() => {
        throw errorFor(code, 'no')
      })
      expect(await failure(platform.run(client.config().get('a')))).toMatchObject({ code, method: 'config.get' })
      expect(transport.calls).toHaveLength(1)
    },
  )

  test('whatever a transport throws is an IronflowError with it as the cause', async () => {
    const thrown = new TypeError('a bug in a transport')
    const { client, platform } = clientOver(() => {
      throw thrown
    })
    expect(await failure(platform.run(client.config().get('a')))).toMatchObject({ code: 'internal', cause: thrown })
  })
})

describe('time', () => {
  test('for the whole call ends it, with what went wrong so far as the cause', async () => {
    const { client, platform, transport } = clientOver(
      (_, attempt, signal) => {
        if (attempt === 1) throw broken()
        return hang(signal)
      },
      { timeoutMs: 3000 },
    )
    const error = await failure(platform.run(client.config().get('a')))
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({
      code: 'timeout',
      message: 'config.get took longer than timeoutMs (3000 ms)',
      status: undefined,
    })
    expect(error.cause).toMatchObject({ code: 'connection_failed' })
    expect([platform.elapsed, transport.calls.length]).toEqual([3000, 2])
  })

  test('covers all retries, however many are allowed', async () => {
    const { client, platform } = clientOver(
      () => {
        throw broken()
      },
      { timeoutMs: 5000, retry: { maxAttempts: 1000 } },
    )
    await failure(platform.run(client.config().get('a')))
    expect(platform.elapsed).toBeLessThanOrEqual(5000)
  })

  test('for one attempt ends that one, and the next is made', async () => {
    const { client, platform, transport } = clientOver((_, attempt, signal) =>
      attempt === 1 ? hang(signal) : { name: 'a', data: {} },
    )
    await platform.run(client.config().get('a'))
    expect([platform.elapsed, transport.calls.length]).toEqual([10_050, 2])
  })

  test('of a single call can be another than the client has', async () => {
    const { client, platform } = clientOver((_call, _attempt, signal) => hang(signal))
    expect(await failure(platform.run(client.config().get('a', { timeoutMs: 70 })))).toBeInstanceOf(TimeoutError)
    expect(platform.elapsed).toBe(70)
  })

  test('runs out also over a transport that does not listen', async () => {
    const { client, platform } = clientOver(() => new Promise(() => {}))
    expect(await failure(platform.run(client.config().get('a')))).toBeInstanceOf(TimeoutError)
    expect(platform.elapsed).toBe(30_000)
  })

  test('that is no number above 0 is refused before anything is sent', async () => {
    const { client, transport, failures } = clientOver(() => ({}))
    for (const timeoutMs of [0, -1, Number.NaN]) {
      const error = await failure<ValidationError>(client.config().get('a', { timeoutMs }))
      expect(error).toBeInstanceOf(ValidationError)
      expect(error.fields).toHaveProperty('timeoutMs')
    }
    expect([transport.calls.length, failures.length]).toEqual([0, 3])
  })

  test('without end sets no timer, also where an attempt may take for ever', async () => {
    const endless = { timeoutMs: Number.POSITIVE_INFINITY, attemptTimeoutMs: Number.POSITIVE_INFINITY }
    const { client, platform } = clientOver(() => ({ name: 'a', data: {} }), endless)
    await client.config().get('a')
    expect(platform.delays).toEqual([])
  })
})

describe('a write', () => {
  test('has the same idempotency key and request id in all attempts, and another for the next call', async () => {
    const { client, platform, transport } = clientOver((_, attempt) => {
      if (attempt < 3) throw broken()
      return { revision: 1 }
    })
    const bucket = client.kv().bucket('b')
    await platform.run(bucket.put('k', 1))
    await platform.run(bucket.put('k', 1))
    const keys = transport.calls.map((call) => call.idempotencyKey)
    expect(keys.every((key) => typeof key === 'string')).toBe(true)
    expect([new Set(keys.slice(0, 3)).size, new Set(keys).size]).toEqual([1, 2])
    expect(new Set(transport.calls.slice(0, 3).map((call) => call.requestId)).size).toBe(1)
  })

  test('is not repeated later than 90 seconds after its first attempt', async () => {
    const options = { timeoutMs: 600_000, retry: { maxAttempts: 1000 } }
    const { client, platform, transport } = clientOver((_call, _attempt, signal) => hang(signal), options)
    await failure(platform.run(client.kv().bucket('b').put('k', 1)))
    const begun = platform.elapsed - 10_000
    expect(begun).toBeLessThanOrEqual(90_000)
    expect(transport.calls.length).toBeGreaterThan(5)
  })

  test('that makes a secret is made once, without an idempotency key', async () => {
    const { client, platform, transport } = clientOver(() => {
      throw broken()
    })
    await failure(platform.run(client.admin().apiKeys.create({ name: 'ci', role: 'viewer' })))
    expect(transport.calls.map((call) => call.idempotencyKey)).toEqual([undefined])
  })

  test('carries the environment of the client, and none where it has none', async () => {
    const named = clientOver(() => ({ revision: 1 }), { environment: 'prod-eu' })
    await named.client.kv().bucket('b').put('k', 1)
    expect(named.transport.calls[0]?.environment).toBe('prod-eu')
    const unnamed = clientOver(() => ({ revision: 1 }))
    await unnamed.client.kv().bucket('b').put('k', 1)
    expect(unnamed.transport.calls[0]?.environment).toBeUndefined()
  })
})

test('a read has no idempotency key', async () => {
  const { client, transport } = clientOver(() => ({ name: 'a', data: {} }))
  await client.config().get('a')
  expect(transport.calls[0]?.idempotencyKey).toBeUndefined()
})

describe('the trace context', () => {
  test('is asked for at each call and goes with it', async () => {
    let asked = 0
    const { client, transport } = clientOver(() => ({ name: 'a', data: {} }), {
      traceparent: () => `00-trace-${++asked}`,
    })
    await client.config().get('a')
    await client.config().get('a')
    expect(transport.calls.map((call) => call.traceparent)).toEqual(['00-trace-1', '00-trace-2'])
  })

  test('of a tracer that fails is left out', async () => {
    const traceparent = () => {
      throw new Error('the tracer is broken')
    }
    const { client, transport } = clientOver(() => ({ name: 'a', data: {} }), { traceparent })
    await client.config().get('a')
    expect(transport.calls[0]?.traceparent).toBeUndefined()
  })
})
