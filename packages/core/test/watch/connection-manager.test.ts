import { describe, expect, test } from 'vitest'
import { settle } from '../fake-platform'
import { watchWorld } from './world'

describe('the connection', () => {
  test('is not there before anything is watched', async () => {
    const { connections, client } = watchWorld()
    await settle()
    expect(connections).toHaveLength(0)
    expect(client.status().state).toBe('idle')
  })

  test('is opened once for all that is watched in one go, and carries it all (W20)', async () => {
    const { bucket, client, connections, last } = watchWorld({ environment: 'prod' })
    bucket.watch({}, { key: 'a' })
    client.config().watch('limits')
    client.events().subscribe('system.>')
    const connection = await last()
    expect(connections).toHaveLength(1)
    expect(connection.environment).toBe('prod')
    expect(connection.ask()).toMatchObject([
      { id: '1', kind: 'kv', target: 'b', filters: ['a'] },
      { id: '2', kind: 'config', target: 'limits' },
      { id: '3', kind: 'events', target: 'system.>' },
    ])
  })

  test('is told of what is watched later, and of what is not watched any more', async () => {
    const { bucket, connections, last } = watchWorld()
    const first = bucket.watch()
    const connection = await last()
    connection.openInSync()
    bucket.watch()
    first.stop()
    await settle()
    expect(connection.sent).toMatchObject([
      { type: 'subscribe', id: '2', kind: 'kv', target: 'b' },
      { type: 'unsubscribe', id: '1' },
    ])
    expect(connections).toHaveLength(1)
    expect(connection.isOver).toBe(false)
  })

  test('is closed when the last watch stops, and not before', async () => {
    const { bucket, last } = watchWorld()
    const [one, other] = [bucket.watch(), bucket.watch()]
    const connection = await last()
    connection.openInSync()
    one.stop()
    await settle()
    expect(connection.isOver).toBe(false)
    other.stop()
    await settle()
    expect(connection.isOver).toBe(true)
  })

  test('stays where one watch is stopped and another one started in one go', async () => {
    const { bucket, connections, last } = watchWorld()
    const watcher = bucket.watch()
    const connection = await last()
    connection.openInSync()
    watcher.stop()
    bucket.watch()
    await settle()
    expect(connections).toHaveLength(1)
    expect(connection.isOver).toBe(false)
  })

  test('is not made for a watch that is stopped in the same go', async () => {
    const { bucket, connections } = watchWorld()
    bucket.watch().stop()
    await settle()
    expect(connections).toHaveLength(0)
  })

  test('is not made after the client was closed', async () => {
    const { bucket, client, connections, told } = watchWorld()
    await client.close()
    const watcher = bucket.watch()
    await expect(watcher.ready).rejects.toMatchObject({ code: 'closed' })
    await settle()
    expect(connections).toHaveLength(0)
    expect(told()).toEqual([['kv.watch', 'closed']])
  })
})

describe('a connection that carries what it began with', () => {
  test('makes way for another one when there is more to carry', async () => {
    const { bucket, connections, last, transport } = watchWorld()
    bucket.watch()
    const first = await last()
    first.takesMore = false
    first.openInSync()
    bucket.watch()
    bucket.watch()
    const second = await last()
    expect(connections).toHaveLength(2)
    expect(first.isOver).toBe(true)
    expect(transport.mostAtOnce).toBe(1)
    expect(second.ask()).toMatchObject([{ id: '1', cursor: 'e-1-1' }, { id: '2', cursor: undefined }, { id: '3' }])
  })

  test('does so also before it is open', async () => {
    const { bucket, last } = watchWorld()
    bucket.watch()
    const first = await last()
    first.takesMore = false
    bucket.watch()
    const second = await last()
    expect(first.isOver).toBe(true)
    expect(second.ask()).toHaveLength(2)
  })

  test('stays when there is less to carry', async () => {
    const { bucket, connections, last } = watchWorld()
    bucket.watch()
    const watcher = bucket.watch()
    const connection = await last()
    connection.takesMore = false
    connection.openInSync()
    watcher.stop()
    await settle()
    expect(connections).toHaveLength(1)
    expect(connection.isOver).toBe(false)
  })
})

describe('silence', () => {
  test.each([
    ['of three heartbeats', 15_000],
    ['of three heartbeats as the server has them', 2_000],
    ['of three heartbeats that are rare', 60_000],
  ])('%s is a fault (W21)', async (_, heartbeatMs) => {
    const { bucket, client, last, platform } = watchWorld()
    bucket.watch()
    const connection = await last()
    connection.open(heartbeatMs)
    await platform.advance(3 * heartbeatMs - 1)
    expect(connection.isOver).toBe(false)
    await platform.advance(1)
    expect(connection.isOver).toBe(true)
    expect(client.status()).toMatchObject({ state: 'interrupted', error: { code: 'timeout' } })
  })

  test('is broken by any message', async () => {
    const { bucket, last, platform } = watchWorld()
    bucket.watch()
    const connection = await last()
    connection.openInSync()
    for (let i = 0; i < 10; i++) {
      await platform.advance(40_000)
      connection.receive({ type: 'heartbeat', cursors: {} })
    }
    expect(connection.isOver).toBe(false)
  })

  test('is found at once when the machine wakes up (W21)', async () => {
    const { bucket, last, platform } = watchWorld()
    bucket.watch()
    const connection = await last()
    connection.openInSync()
    platform.jump(3_600_000)
    expect(connection.isOver).toBe(false)
    platform.signal({ type: 'wake' })
    expect(connection.isOver).toBe(true)
  })

  test('before the first message is a fault after the time of an attempt', async () => {
    const { bucket, client, last, platform } = watchWorld({ attemptTimeoutMs: 3_000 })
    bucket.watch()
    const connection = await last()
    await platform.advance(2_999)
    expect(connection.isOver).toBe(false)
    await platform.advance(1)
    expect(connection.isOver).toBe(true)
    expect(client.status()).toMatchObject({ state: 'interrupted', error: { message: 'nothing came within 3000 ms' } })
  })
})

describe('pausing', () => {
  test('closes the connection at once, and resuming opens another one at once', async () => {
    const { bucket, client, connections, last, platform } = watchWorld()
    bucket.watch()
    const connection = await last()
    connection.openInSync('e-5-5')
    platform.signal({ type: 'pause', reason: 'hidden' })
    expect(connection.isOver).toBe(true)
    expect(client.status()).toMatchObject({ state: 'paused', reasons: ['hidden'] })
    await platform.advance(3_600_000)
    expect(connections).toHaveLength(1)
    platform.signal({ type: 'resume', reason: 'hidden' })
    expect(connections).toHaveLength(2)
    expect(connections[1]?.ask()).toMatchObject([{ cursor: 'e-5-5' }])
  })

  test('ends when the last of its reasons is gone', async () => {
    const { bucket, client, connections, last, platform } = watchWorld()
    const watcher = bucket.watch()
    ;(await last()).openInSync()
    platform.signal({ type: 'pause', reason: 'hidden' })
    platform.signal({ type: 'pause', reason: 'frozen' })
    platform.signal({ type: 'resume', reason: 'hidden' })
    expect(connections).toHaveLength(1)
    expect(client.status()).toMatchObject({ state: 'paused', reasons: ['frozen'] })
    expect(watcher.status).toMatchObject({ state: 'paused', reasons: ['frozen'] })
    platform.signal({ type: 'resume', reason: 'frozen' })
    expect(connections).toHaveLength(2)
    expect(client.status().state).toBe('connecting')
  })

  test.each(['waiting', 'connecting'])('ends %s as well', async (state) => {
    const { bucket, connections, last, platform } = watchWorld()
    bucket.watch()
    const connection = await last()
    if (state === 'waiting') await platform.advance(10_000)
    platform.signal({ type: 'pause', reason: 'hidden' })
    expect(connection.isOver).toBe(true)
    expect(platform.timers.size).toBe(0)
    platform.signal({ type: 'wake' })
    platform.signal({ type: 'network' })
    await platform.advance(600_000)
    expect(connections).toHaveLength(1)
  })

  test('is not undone by another watch', async () => {
    const { bucket, connections, last, platform } = watchWorld()
    bucket.watch()
    await last()
    platform.signal({ type: 'pause', reason: 'hidden' })
    bucket.watch()
    await settle()
    expect(connections).toHaveLength(1)
  })
})

describe('another network', () => {
  test('makes another connection at once where one was open', async () => {
    const { bucket, connections, last, platform } = watchWorld()
    bucket.watch()
    const connection = await last()
    connection.openInSync()
    platform.signal({ type: 'network' })
    expect(connection.isOver).toBe(true)
    expect(connections).toHaveLength(2)
  })
})

describe('in a callback', () => {
  test('closing the client ends it all', async () => {
    const { bucket, client, last, platform, transport } = watchWorld()
    bucket.watch({ onStatus: ({ state }) => state === 'live' && client.close() })
    const connection = await last()
    connection.openInSync()
    await settle()
    expect(transport.open).toEqual([])
    expect(platform.timers.size).toBe(0)
    expect(platform.lifecycleListeners.size).toBe(0)
  })

  test('closing the client at the first message leaves nothing behind', async () => {
    const world = watchWorld({ onStatus: ({ state }) => state === 'live' && world.client.close() })
    const watcher = world.bucket.watch()
    const connection = await world.last()
    // In one go: what is left to be watched is in sync as soon as there is a connection.
    watcher.stop()
    connection.open()
    expect(world.client.status().state).toBe('closed')
    await settle()
    expect(world.platform.timers.size).toBe(0)
  })

  test('stopping the last watch closes the connection', async () => {
    const { bucket, last } = watchWorld()
    const watcher = bucket.watch({ onStatus: ({ state }) => state === 'live' && watcher.stop() })
    const connection = await last()
    connection.openInSync()
    await settle()
    expect(connection.isOver).toBe(true)
  })

  test('starting another watch is carried as well', async () => {
    const { bucket, last } = watchWorld()
    bucket.watch({ onStatus: ({ state }) => state === 'live' && bucket.watch() })
    const connection = await last()
    connection.openInSync()
    expect(connection.sent).toMatchObject([{ type: 'subscribe', id: '2' }])
  })
})
