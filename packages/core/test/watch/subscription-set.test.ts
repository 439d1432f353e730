import { describe, expect, test } from 'vitest'
import type { ServerFrame } from '../../src/protocol/frames'
import { settle } from '../fake-platform'
import { broken } from '../fake-transport'
import { changed, cursor, synced, value, watchWorld } from './world'

const FIVE_MINUTES = 300_000

function refusal(sub: string, code = 'unauthorized'): ServerFrame {
  return { type: 'error', sub, code, detail: 'not for this key' }
}

/** Two watches over one open connection. */
async function two() {
  const world = watchWorld()
  const errors: string[] = []
  const states: string[] = []
  const handlers = {
    onError: ({ code }: { code: string }) => errors.push(code),
    onStatus: ({ state }: { state: string }) => states.push(state),
  }
  const first = world.bucket.watch(handlers)
  const second = world.bucket.watch()
  const connection = await world.last()
  connection.open()
  return { ...world, first, second, connection, errors, states }
}

describe('a subscription that is refused, one of several', () => {
  test('is left out, and the others go on (W18)', async () => {
    const { client, connection, errors, first, second, told } = await two()
    connection.receive(refusal('1'), synced(1, '2'))
    expect(first.status).toMatchObject({ state: 'unauthorized', error: { code: 'unauthorized' } })
    expect(second.status.state).toBe('live')
    // Not everything that the client watches is what the server has.
    expect(client.status()).toMatchObject({ state: 'unauthorized', error: { code: 'unauthorized' } })
    first.stop()
    expect(client.status().state).toBe('live')
    expect(connection.isOver).toBe(false)
    expect(errors).toEqual(['unauthorized'])
    expect(told()).toEqual([['kv.watch', 'unauthorized']])
  })

  test('is asked for again after five minutes, and told no more', async () => {
    const { connection, errors, first, platform } = await two()
    connection.receive(refusal('1'), synced(1, '2'))
    for (let i = 1; i < 4; i++) {
      for (let passed = 0; passed < FIVE_MINUTES; passed += 30_000) {
        expect(connection.sent).toHaveLength(i - 1)
        connection.receive({ type: 'heartbeat', cursors: {} })
        await platform.advance(30_000)
      }
      expect(connection.sent.at(-1)).toMatchObject({ type: 'subscribe', id: '1' })
      expect(first.status.state).toBe('connecting')
      connection.receive(refusal('1'))
    }
    expect(errors).toEqual(['unauthorized'])
  })

  test('goes on when it is accepted, and is told when it is refused again after that', async () => {
    const { connection, errors, first, platform, states } = await two()
    connection.receive(refusal('1'))
    await platform.advance(0)
    const ofParked = connection.sent.length
    connection.receive(value('a', 1), synced(1))
    expect(first.status.state).toBe('unauthorized')
    expect(connection.sent).toHaveLength(ofParked)
    // It is asked for on another connection only when its time has come.
    for (let passed = 0; passed < FIVE_MINUTES; passed += 30_000) {
      connection.receive({ type: 'heartbeat', cursors: {} })
      await platform.advance(30_000)
    }
    connection.receive(synced(1))
    expect(first.status.state).toBe('live')
    connection.receive(refusal('1'))
    expect(errors).toEqual(['unauthorized', 'unauthorized'])
    expect(states).toEqual(['connecting', 'unauthorized', 'connecting', 'live', 'unauthorized'])
  })

  test('is left out of the next connection', async () => {
    const { connection, last, platform } = await two()
    connection.receive(refusal('1'))
    connection.end(broken())
    await platform.advance(1_000)
    expect((await last()).ask().map(({ id }) => id)).toEqual(['2'])
  })

  test('leaves no timer where it is stopped', async () => {
    const { connection, first, platform, second } = await two()
    connection.receive(refusal('1'))
    first.stop()
    second.stop()
    await settle()
    expect(platform.timers.size).toBe(0)
  })

  test('for good ends that watch alone (W18, W22)', async () => {
    const { connection, first, second, told } = await two()
    connection.receive({
      type: 'error',
      sub: '1',
      code: 'invalid_request',
      detail: 'wrong',
      fields: { key: 'no white space' },
    })
    expect(first.status).toMatchObject({ state: 'closed', error: { fields: { key: 'no white space' } } })
    connection.receive(synced(1, '2'))
    expect(second.status.state).toBe('live')
    expect(told()).toEqual([['kv.watch', 'invalid_request']])
  })

  test('for what may pass is tried again soon, and told as an outage', async () => {
    const { connection, errors, failures, first, platform } = await two()
    platform.chance = 0
    for (let i = 1; i <= 6; i++) {
      expect(errors).toEqual(i <= 4 ? [] : ['unavailable'])
      connection.receive(refusal('1', 'unavailable'))
      const waitMs = i === 1 ? 0 : i <= 3 ? 1_600 : 700
      expect(first.status).toMatchObject({ state: 'interrupted', retryAt: platform.now() + waitMs })
      await platform.advance(waitMs)
      expect(connection.sent).toHaveLength(i)
    }
    expect(failures.map(({ context }) => context.attempts)).toEqual([4])
  })
})

test.each([
  { type: 'heartbeat' },
  { type: 'kv_update', sub: '1' },
  {
    type: 'kv_update',
    sub: '1',
    key: 'a',
    revision: 1,
    createdAt: '',
    operation: 'put',
    value: '!',
    encoding: 'base64',
  },
])('a message that cannot be read (%o) is a failure of the connection', async (message) => {
  const { client, connection } = await two()
  connection.receive(message as unknown as ServerFrame)
  expect(connection.isOver).toBe(true)
  expect(client.status()).toMatchObject({ state: 'interrupted', error: { code: 'invalid_response' } })
})

describe('when every watch is refused', () => {
  test('there is no connection, and the status says so', async () => {
    const { client, connection, first, platform, second, states } = await two()
    connection.receive(refusal('1'), refusal('2'))
    await settle()
    expect(connection.isOver).toBe(true)
    expect(client.status()).toMatchObject({ state: 'unauthorized', error: { code: 'unauthorized' } })
    expect([first.status.state, second.status.state]).toEqual(['unauthorized', 'unauthorized'])
    expect(platform.lifecycleListeners.size).toBe(0)
    expect(states.at(-1)).toBe('unauthorized')
  })

  test('there is one again when it is time to ask', async () => {
    const { connection, connections, last, platform } = await two()
    connection.receive(refusal('1'), refusal('2'))
    await platform.advance(FIVE_MINUTES - 1)
    expect(connections).toHaveLength(1)
    await platform.advance(1)
    expect(connections).toHaveLength(2)
    expect((await last()).ask()).toHaveLength(2)
  })
})

describe('messages', () => {
  test('go to the watch that they name', async () => {
    const { bucket, last } = watchWorld()
    const seen: string[] = []
    bucket.watch({ onUpdate: ({ key }) => seen.push(`one ${key}`) })
    bucket.watch({ onUpdate: ({ key }) => seen.push(`two ${key}`) })
    const connection = await last()
    connection.open()
    connection.receive(value('a', 1, 1, '2'), value('b', 2, 2, '1'))
    expect(seen).toEqual(['two a', 'one b'])
  })

  test('about no watch that there is are dropped', async () => {
    const { connection, client } = await two()
    connection.receive(value('a', 1, 1, '77'), synced(1, '77'), refusal('77'))
    connection.receive({ type: 'heartbeat', cursors: { '77': 'e-1-1' } })
    expect(client.status().state).toBe('connecting')
  })

  test('with bookmarks move each watch that is in sync (W10)', async () => {
    const { connection, last, platform } = await two()
    connection.receive(synced(1, '1'), { type: 'heartbeat', cursors: { '1': cursor(9), '2': cursor(9) } })
    platform.signal({ type: 'network' })
    expect((await last()).ask()).toMatchObject([{ cursor: cursor(9) }, { cursor: undefined }])
  })
})

describe('callbacks that start another watch each time they are told', () => {
  test('of an error are told once', async () => {
    const { bucket, last, told } = watchWorld({ retry: { maxAttempts: 1 } })
    let started = 0
    const start = () => {
      const watcher = bucket.watch({
        onError: () => {
          watcher.stop()
          if (++started < 50) start()
        },
      })
    }
    start()
    ;(await last()).end(broken())
    expect(started).toBe(1)
    expect(told()).toHaveLength(1)
  })

  test('of a status are told once', async () => {
    const { bucket, last } = watchWorld()
    let started = 0
    const start = () => {
      const watcher = bucket.watch({
        onStatus: ({ state }) => {
          if (state !== 'interrupted' || started >= 50) return
          started++
          watcher.stop()
          start()
        },
      })
    }
    start()
    const connection = await last()
    connection.end(broken())
    expect(started).toBe(1)
  })
})

test('a watch that was stopped by another one’s callback hears no error', async () => {
  const { bucket, last } = watchWorld({ retry: { maxAttempts: 1 } })
  const heard: string[] = []
  bucket.watch({ onError: () => other.stop() })
  const other = bucket.watch({ onError: () => heard.push('other') })
  ;(await last()).end(broken())
  expect(heard).toEqual([])
})

test('resumes each watch from where it is (W9)', async () => {
  const { connection, last, platform } = await two()
  connection.receive(synced(1, '1'), changed('a', 7), synced(3, '2'))
  connection.end(broken())
  await platform.advance(1_000)
  expect((await last()).ask()).toMatchObject([{ cursor: cursor(7) }, { cursor: cursor(3) }])
})
