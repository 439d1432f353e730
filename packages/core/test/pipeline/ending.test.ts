import { describe, expect, test } from 'vitest'
import { settle } from '../fake-platform'
import { broken, clientOver, failure, hang } from '../fake-transport'

describe('the abort of the caller', () => {
  test.each([new Error('user left'), 'text', null, { a: 1 }])(
    'rejects with code aborted and %j as the cause',
    async (reason) => {
      const { client, failures, platform } = clientOver((_call, _attempt, signal) => hang(signal))
      const controller = new AbortController()
      const call = client.config().get('a', { signal: controller.signal })
      await settle()
      controller.abort(reason)
      const error = await failure(call)
      expect(error).toMatchObject({ code: 'aborted', method: 'config.get', retryable: false })
      expect(error.cause).toBe(reason)
      expect([failures, platform.timers.size]).toEqual([[], 0])
    },
  )

  test('before the call sends nothing', async () => {
    const { client, transport, failures } = clientOver(() => ({}))
    const error = await failure(
      client
        .kv()
        .bucket('b')
        .put('k', 1, { signal: AbortSignal.abort('early') }),
    )
    expect(error).toMatchObject({ code: 'aborted', cause: 'early' })
    expect([transport.calls, failures]).toEqual([[], []])
  })

  test('ends a wait between attempts at once', async () => {
    const { client, platform, transport } = clientOver(() => {
      throw broken()
    })
    const controller = new AbortController()
    const call = client.config().get('a', { signal: controller.signal })
    await settle()
    controller.abort()
    expect(await failure(call)).toMatchObject({ code: 'aborted' })
    expect([platform.elapsed, platform.timers.size, transport.calls.length]).toEqual([0, 0, 1])
  })

  test('after the call is over does nothing', async () => {
    const { client } = clientOver(() => ({ name: 'a', data: {} }))
    const controller = new AbortController()
    await client.config().get('a', { signal: controller.signal })
    expect(() => controller.abort()).not.toThrow()
  })
})

describe('close()', () => {
  test('ends calls under way, waiting and later, each with code closed', async () => {
    const { client, transport, platform } = clientOver((call, _attempt, signal) => {
      if (call.method === 'config.list') throw broken()
      return hang(signal)
    })
    const open = [client.config().get('a'), client.kv().bucket('b').put('k', 1), client.config().list()]
    const ends = Promise.all(open.map((call) => failure(call)))
    await settle()
    await client.close()
    const codes = (await ends).map((error) => error.code)
    expect(codes).toEqual(['closed', 'closed', 'closed'])
    const sent = transport.calls.length
    expect(await failure(client.config().get('a'))).toMatchObject({ code: 'closed', method: 'config.get' })
    expect(
      await failure(
        client
          .kv()
          .bucket('b')
          .modify('k', () => 1),
      ),
    ).toMatchObject({ code: 'closed' })
    expect(transport.calls.length).toBe(sent)
    expect(platform.timers.size).toBe(0)
  })

  test('a second time is a no-op', async () => {
    const { client, transport } = clientOver(() => ({}))
    await client.close()
    await client.close()
    expect(transport.closed).toBe(1)
  })

  test('is what the end of an `await using` block does', async () => {
    const { client, transport } = clientOver(() => ({ configs: [] }))
    {
      await using used = client
      await used.config().list()
      expect(transport.closed).toBe(0)
    }
    expect(transport.closed).toBe(1)
  })
})

test('after 10,000 calls neither a listener nor a timer is left', async () => {
  const { client, platform, failures } = clientOver((_, attempt) => {
    if (attempt % 100 === 0) throw broken()
    return { configs: [], revision: 1, name: 'a', data: {} }
  })
  const { signal } = new AbortController()
  let listeners = 0
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners += 1
    add(...args)
  }
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners -= 1
    remove(...args)
  }
  let peak = 0
  for (let round = 0; round < 100; round += 1) {
    const calls = Array.from({ length: 100 }, () => client.config().get('a', { signal }))
    peak = Math.max(peak, listeners)
    await platform.run(Promise.all(calls))
  }
  // One for all: Node.js warns of a leak at the eleventh.
  expect([peak, listeners, platform.timers.size, failures.length]).toEqual([1, 0, 0, 0])
})
