import { describe, expect, test, vi } from 'vitest'
import { ConnectionError, errorFor, invalid } from '../../src/errors/kinds'
import { FakePlatform, settle } from '../fake-platform'
import { broken } from '../fake-transport'
import { FakeWatchTransport, watchWorld } from './world'

const FIVE_MINUTES = 300_000
const refused = () => errorFor('unauthenticated', 'no such key')

describe('after a failure', () => {
  test('it is tried again when the wait is over, and the longer it has lasted, the longer is the wait (W22)', async () => {
    const { bucket, connections, last, platform } = watchWorld({ retry: { maxDelayMs: 3_000 } })
    platform.chance = 1 - Number.EPSILON
    bucket.watch()
    const waits: number[] = []
    for (let i = 0; i < 6; i++) {
      const connection = await last()
      await platform.advance(i === 0 ? 0 : 9_000)
      connection.end(broken())
      waits.push(platform.delays.at(-1) as number)
      await platform.advance(waits.at(-1) as number)
    }
    expect(connections).toHaveLength(7)
    // Up to two seconds, then a tenth of the outage, but never more than three.
    expect(waits).toEqual([2_000, 2_000, 2_200, 3_000, 3_000, 3_000])
  })

  test('the status says why, and when it is tried again', async () => {
    const { bucket, client, last, platform } = watchWorld()
    const watcher = bucket.watch()
    ;(await last()).end(broken())
    const expected = { state: 'interrupted', error: { code: 'connection_failed' }, retryAt: platform.now() + 1_000 }
    expect(client.status()).toMatchObject(expected)
    expect(watcher.status).toMatchObject(expected)
  })

  test('a connection that did not last ten seconds does not end the outage, but its end is waited for anew', async () => {
    const { bucket, failures, last, platform } = watchWorld({ retry: { maxAttempts: 3 } })
    bucket.watch()
    for (let i = 0; i < 2; i++) {
      ;(await last()).end(broken())
      await platform.advance(2_000)
    }
    const third = await last()
    third.openInSync()
    await platform.advance(9_999)
    third.end(broken())
    expect(platform.delays.at(-1)).toBe(1_000)
    expect(failures).toMatchObject([{ context: { attempts: 3 } }])
  })

  test('a connection that lasted ends it', async () => {
    const { bucket, last, platform } = watchWorld()
    bucket.watch()
    ;(await last()).end(broken())
    await platform.advance(1_000)
    const second = await last()
    second.openInSync()
    await platform.advance(10_000)
    second.end(broken())
    expect(platform.delays.at(-1)).toBe(1_000)
  })

  test('the end of one that lasted is the first failure of the next outage', async () => {
    const { bucket, failures, last, platform } = watchWorld({ retry: { maxAttempts: 2 } })
    bucket.watch()
    ;(await last()).openInSync()
    await platform.advance(10_000)
    ;(await last()).end(broken())
    await platform.advance(1_000)
    expect(failures).toEqual([])
    ;(await last()).end(broken())
    expect(platform.delays.at(-1)).toBe(1_800)
    expect(failures).toMatchObject([{ context: { attempts: 2 } }])
  })

  test('so it does where it was given up for another one without being broken', async () => {
    const { bucket, failures, last, platform } = watchWorld()
    bucket.watch()
    for (let i = 0; i < 3; i++) {
      ;(await last()).end(broken())
      await platform.advance(4_000)
    }
    ;(await last()).openInSync()
    await platform.advance(10_000)
    platform.signal({ type: 'network' })
    ;(await last()).end(broken())
    expect(platform.delays.at(-1)).toBe(1_000)
    expect(failures).toEqual([])
  })

  test('the machine’s waking up ends the wait', async () => {
    const { bucket, connections, last, platform } = watchWorld()
    bucket.watch()
    ;(await last()).end(broken())
    platform.signal({ type: 'wake' })
    expect(connections).toHaveLength(2)
  })

  test('so does the network’s coming back', async () => {
    const { bucket, connections, last, platform } = watchWorld()
    bucket.watch()
    ;(await last()).end(broken())
    platform.signal({ type: 'network' })
    expect(connections).toHaveLength(2)
  })

  test('so does the answer to a call, but not before a first wait could have been over', async () => {
    const { bucket, client, connections, last, platform } = watchWorld()
    bucket.watch()
    ;(await last()).end(broken())
    // Attempts that nobody answers, until the waits between them are longer.
    await platform.advance(60_000)
    ;(await last()).end(broken())
    const before = connections.length
    await platform.advance(1_999)
    await client.config().get('limits')
    expect(connections).toHaveLength(before)
    await platform.advance(1)
    await client.config().get('limits')
    expect(connections).toHaveLength(before + 1)
  })
})

describe('how long the server wants to be left alone', () => {
  const busy = (retryAfterMs = 20_000) => errorFor('rate_limited', 'too much', { retryAfterMs })

  test('a goodbye ends the connection, and is waited for with jitter on top (W23)', async () => {
    const { bucket, connections, last, platform } = watchWorld()
    bucket.watch()
    const first = await last()
    first.openInSync()
    first.receive({ type: 'goodbye', retryAfterMs: 20_000 })
    expect(first.isOver).toBe(true)
    await platform.advance(20_999)
    expect(connections).toHaveLength(1)
    await platform.advance(1)
    expect(connections).toHaveLength(2)
  })

  test('is not shortened by the page’s becoming visible', async () => {
    const { bucket, client, connections, last, platform } = watchWorld()
    bucket.watch()
    ;(await last()).end(busy())
    await platform.advance(19_999)
    platform.signal({ type: 'wake' })
    expect(client.status().state).toBe('interrupted')
    await platform.advance(1)
    expect(connections).toHaveLength(1)
    platform.signal({ type: 'wake' })
    expect(connections).toHaveLength(2)
  })

  test('is a minute at most, also where an hour was asked for (W23)', async () => {
    const { bucket, client, connections, last, platform } = watchWorld()
    bucket.watch()
    ;(await last()).end(busy(3_600_000))
    expect(client.status()).toMatchObject({ retryAt: platform.now() + 61_000 })
    await platform.advance(61_000)
    expect(connections).toHaveLength(2)
  })

  test('is over when the network comes back', async () => {
    const { bucket, connections, last, platform } = watchWorld()
    bucket.watch()
    ;(await last()).end(busy())
    platform.signal({ type: 'network' })
    expect(connections).toHaveLength(2)
  })

  test('is over when a call is answered that comes later than a first wait', async () => {
    const { bucket, client, connections, last, platform } = watchWorld()
    bucket.watch()
    ;(await last()).end(busy())
    await platform.advance(2_000)
    await client.config().get('limits')
    expect(connections).toHaveLength(2)
  })

  test('is over when a call is answered earlier, and only the first wait goes on', async () => {
    const { bucket, client, connections, last, platform } = watchWorld()
    bucket.watch()
    ;(await last()).end(busy())
    await client.config().get('limits')
    expect(client.status()).toMatchObject({ state: 'interrupted', retryAt: platform.now() + 1_000 })
    await platform.advance(999)
    expect(connections).toHaveLength(1)
    await platform.advance(1)
    expect(connections).toHaveLength(2)
  })

  test('is over for a new watch, too, when a call is answered', async () => {
    const { bucket, client, connections, last, platform } = watchWorld()
    const watcher = bucket.watch()
    ;(await last()).end(busy())
    watcher.stop()
    await settle()
    bucket.watch()
    await platform.advance(2_000)
    expect(connections).toHaveLength(1)
    await client.config().get('limits')
    expect(connections).toHaveLength(2)
    await client.config().get('limits')
    expect(connections).toHaveLength(2)
  })

  test('is over when it is over, also where the clock was put back meanwhile', async () => {
    const { bucket, connections, last, platform } = watchWorld()
    bucket.watch()
    ;(await last()).end(busy())
    platform.jump(-3_600_000)
    await platform.advance(21_000)
    expect(connections).toHaveLength(2)
  })

  test('is not shortened by stopping to watch and starting again', async () => {
    const { bucket, connections, last, platform } = watchWorld()
    const watcher = bucket.watch()
    ;(await last()).end(busy())
    watcher.stop()
    await settle()
    bucket.watch()
    await platform.advance(19_999)
    expect(connections).toHaveLength(1)
    await platform.advance(1)
    expect(connections).toHaveLength(2)
  })

  test('is not shortened by a pause', async () => {
    const { bucket, connections, last, platform } = watchWorld()
    bucket.watch()
    ;(await last()).end(busy())
    platform.signal({ type: 'pause', reason: 'hidden' })
    platform.signal({ type: 'resume', reason: 'hidden' })
    await platform.advance(19_999)
    expect(connections).toHaveLength(1)
    await platform.advance(1)
    expect(connections).toHaveLength(2)
  })
})

test('a transport of the user’s that throws has failed to connect, as any other', async () => {
  const transport = new FakeWatchTransport(new FakePlatform())
  const connect = vi.spyOn(transport, 'connect').mockImplementation(() => {
    throw new TypeError('no such device')
  })
  const { bucket, client, connections, platform } = watchWorld({ transport })
  const watcher = bucket.watch()
  await settle()
  expect(watcher.status).toMatchObject({ state: 'interrupted', error: { message: 'no such device' } })
  connect.mockRestore()
  await platform.advance(1_000)
  expect([connections.length, transport.connections.length]).toEqual([0, 1])
  transport.connections[0]?.openInSync()
  expect(client.status().state).toBe('live')
})

describe('an outage', () => {
  test('is told once, when as many attempts have failed as a call would make', async () => {
    const { bucket, client, failures, last, platform, told } = watchWorld({ retry: { maxAttempts: 3 } })
    const heard: string[] = []
    platform.chance = 0
    bucket.watch({ onError: ({ message }) => heard.push(message) })
    bucket.watch()
    client.config().watch('limits')
    for (let i = 0; i < 6; i++) {
      expect(told()).toHaveLength(i < 3 ? 0 : 2)
      ;(await last()).end(broken())
      await platform.advance(2_000)
    }
    expect(told()).toEqual([
      ['kv.watch', 'connection_failed'],
      ['config.watch', 'connection_failed'],
    ])
    expect(failures[0]?.context).toMatchObject({ attempts: 3, endpoint: 'custom' })
    expect(failures.map(({ error }) => error.method)).toEqual(['kv.watch', 'config.watch'])
    expect(heard).toEqual(['connection reset'])
  })
})

describe('a key that is refused', () => {
  test('is told at once, and tried again every five minutes or so, and told no more (W19)', async () => {
    const { bucket, client, connections, last, platform, told } = watchWorld()
    bucket.watch()
    ;(await last()).end(refused())
    expect(told()).toEqual([['kv.watch', 'unauthenticated']])
    expect(client.status()).toMatchObject({ state: 'unauthorized', retryAt: platform.now() + FIVE_MINUTES })
    for (let i = 2; i < 5; i++) {
      await platform.advance(FIVE_MINUTES - 1)
      expect(connections).toHaveLength(i - 1)
      await platform.advance(1)
      expect(connections).toHaveLength(i)
      ;(await last()).end(errorFor('unauthorized', 'not here'))
    }
    expect(told()).toHaveLength(1)
  })

  test('is told again when one was accepted in between', async () => {
    const { bucket, last, platform, told } = watchWorld()
    bucket.watch()
    ;(await last()).end(refused())
    await platform.advance(FIVE_MINUTES)
    const second = await last()
    second.openInSync()
    second.receive({ type: 'error', code: 'unauthenticated', detail: 'the key was revoked' })
    expect(second.isOver).toBe(true)
    expect(told()).toHaveLength(2)
  })

  test.each(['wake', 'network'] as const)('is not tried sooner because of %s', async (type) => {
    const { bucket, connections, last, platform } = watchWorld()
    bucket.watch()
    ;(await last()).end(refused())
    platform.signal({ type })
    expect(connections).toHaveLength(1)
  })

  test('is asked for once more at once where a function brings it (W19)', async () => {
    const { bucket, connections, last, platform, told } = watchWorld({ apiKey: () => 'ifkey_1' })
    bucket.watch()
    ;(await last()).end(refused())
    expect(told()).toEqual([])
    await platform.advance(0)
    expect(connections).toHaveLength(2)
    ;(await last()).end(refused())
    expect(told()).toHaveLength(1)
    await platform.advance(FIVE_MINUTES - 1)
    expect(connections).toHaveLength(2)
    await platform.advance(1)
    expect(connections).toHaveLength(3)
  })

  test('is asked for once more again after one was accepted', async () => {
    const { bucket, last, platform, told } = watchWorld({ apiKey: () => 'ifkey_1' })
    bucket.watch()
    for (let i = 0; i < 3; i++) {
      const connection = await last()
      connection.openInSync()
      connection.receive({ type: 'error', code: 'unauthenticated', detail: 'the key has expired' })
      await platform.advance(0)
    }
    expect(told()).toEqual([])
    expect((await last()).madeAt).toBe(0)
  })

  test('is not asked for once more where it is known, and not allowed', async () => {
    const { bucket, last, told } = watchWorld({ apiKey: () => 'ifkey_1' })
    bucket.watch()
    ;(await last()).end(errorFor('unauthorized', 'not here'))
    expect(told()).toEqual([['kv.watch', 'unauthorized']])
  })
})

describe('a server that says that what is asked for is wrong', () => {
  test('ends every watch where it says what (W22)', async () => {
    const { bucket, client, connections, last, platform } = watchWorld()
    const watchers = [bucket.watch(), bucket.watch()]
    const connection = await last()
    connection.ask()
    connection.end(invalid({ environment: 'there is none of this name' }))
    await platform.advance(FIVE_MINUTES)
    expect(watchers.map(({ status }) => status.state)).toEqual(['closed', 'closed'])
    expect(connections).toHaveLength(1)
    expect(client.status().state).toBe('idle')
  })

  test('does not say so with an answer that names nothing: that may be somebody else’s', async () => {
    const { bucket, last } = watchWorld()
    const watcher = bucket.watch()
    const connection = await last()
    connection.ask()
    connection.end(errorFor('invalid_request', 'Bad Request'))
    expect(watcher.status.state).toBe('interrupted')
  })
})

test('an error about the whole connection ends it, and another one is made (W22)', async () => {
  const { bucket, client, connections, last, platform } = watchWorld()
  bucket.watch()
  const first = await last()
  first.openInSync()
  first.receive({ type: 'error', code: 'a_code_of_tomorrow', detail: 'hm' })
  expect(first.isOver).toBe(true)
  expect(client.status()).toMatchObject({ state: 'interrupted', error: { code: 'internal', message: 'hm' } })
  await platform.advance(1_000)
  expect(connections).toHaveLength(2)
})

test('what a connection tells that was given up is not heard (W20)', async () => {
  const { bucket, client, connections, last, platform } = watchWorld()
  bucket.watch()
  const first = await last()
  first.open()
  platform.signal({ type: 'network' })
  // A transport that does not keep its promise.
  first.isOver = false
  first.receive({ type: 'synced', sub: '1', cursor: 'e-1-1' })
  first.end(new ConnectionError('too late', 'connection_failed'))
  expect(client.status().state).toBe('connecting')
  expect(connections).toHaveLength(2)
})
