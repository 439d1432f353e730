import { describe, expect, test } from 'vitest'
import type { IronflowError } from '../../src/errors/ironflow-error'
import type { KvUpdate } from '../../src/watch/kv-kind'
import { settle } from '../fake-platform'
import { broken, failure } from '../fake-transport'
import { changed, cursor, synced, TIME, value, watchWorld } from './world'

/** A bucket that is watched with a callback, over a connection that is open. */
async function watched(onUpdate: (event: KvUpdate<unknown>) => unknown, world = watchWorld()) {
  const errors: IronflowError[] = []
  const closes: Array<IronflowError | undefined> = []
  const states: string[] = []
  const watcher = world.bucket.watch({
    onUpdate,
    onError: (error) => errors.push(error),
    onClose: (error) => closes.push(error),
    onStatus: ({ state }) => states.push(state),
  })
  const connection = await world.last()
  connection.open()
  return { ...world, watcher, connection, errors, closes, states }
}

describe('callbacks', () => {
  test('get the current values, then the changes, in order (W1, W27)', async () => {
    const keys: string[] = []
    const { connection } = await watched(({ key, revision, initial }) => keys.push(`${key}${revision}${initial}`))
    connection.receive(value('a', 1), value('b', 2), synced(2), changed('a', 3), changed('b', 4))
    expect(keys).toEqual(['a1true', 'b2true', 'a3false', 'b4false'])
  })

  test('are not awaited (W27)', async () => {
    const keys: string[] = []
    const { connection } = await watched(({ key }) => {
      keys.push(key)
      return new Promise(() => undefined)
    })
    connection.receive(value('a', 1), value('b', 2))
    expect(keys).toEqual(['a', 'b'])
  })

  test('that throw are told to the watch and to the client, and the watch goes on (W27)', async () => {
    const keys: string[] = []
    const thrown = new Error('oops')
    const { connection, errors, failures, told, watcher } = await watched(({ key }) => {
      keys.push(key)
      if (key === 'a') throw thrown
    })
    connection.receive(value('a', 1), value('b', 2), synced(2))
    expect(keys).toEqual(['a', 'b'])
    expect(errors).toMatchObject([{ message: 'a callback threw: oops', cause: thrown, retryable: false }])
    expect(told()).toEqual([['kv.watch', 'internal']])
    expect(failures[0]?.error.status).toBeUndefined()
    expect(watcher.status.state).toBe('live')
  })

  test('that reject are told as well (W27)', async () => {
    const { connection, errors, told, watcher } = await watched(async () => {
      throw 'no error at all'
    })
    connection.receive(value('a', 1), synced(1))
    await settle()
    expect(errors).toMatchObject([{ message: 'a callback threw: no error at all', cause: 'no error at all' }])
    expect(told()).toEqual([['kv.watch', 'internal']])
    expect(watcher.status.state).toBe('live')
  })

  test('of documents and events are told under their own names', async () => {
    const { client, last, told } = watchWorld()
    const fail = () => {
      throw new Error('oops')
    }
    client.config().watch('limits', { onUpdate: fail, onDelete: fail })
    client.events().subscribe('system.>', fail)
    const connection = await last()
    connection.open()
    connection.receive(
      {
        type: 'config_update',
        sub: '1',
        name: 'limits',
        data: {},
        revision: 1,
        epoch: 'e',
        updatedAt: TIME,
        initial: true,
      },
      synced(1),
      { type: 'config_delete', sub: '1', name: 'limits', revision: 2, epoch: 'e', updatedAt: TIME, cursor: cursor(2) },
      {
        type: 'event',
        sub: '2',
        topic: 'system.x',
        data: {},
        revision: 1,
        epoch: 'e',
        createdAt: TIME,
        cursor: cursor(1),
      },
    )
    expect(told().map(([method]) => method)).toEqual(['config.watch', 'config.watch', 'events.subscribe'])
  })

  test('of errors and of status may throw too: nobody hears of that', async () => {
    const world = watchWorld()
    const fail = () => {
      throw new Error('oops')
    }
    const watcher = world.bucket.watch({ onUpdate: fail, onStatus: fail, onError: fail, onClose: fail })
    const connection = await world.last()
    connection.openInSync()
    connection.receive(changed('a', 2))
    expect(watcher.status.state).toBe('live')
    expect(world.told()).toEqual([['kv.watch', 'internal']])
    watcher.stop()
  })
})

describe('stop()', () => {
  test('in a callback makes that the last event (W27)', async () => {
    const keys: string[] = []
    const { connection, closes, watcher } = await watched(({ key }) => {
      keys.push(key)
      if (key === 'b') watcher.stop()
    })
    connection.receive(value('a', 1), value('b', 2), value('c', 3), synced(3), changed('a', 4))
    await settle()
    expect(keys).toEqual(['a', 'b'])
    expect(closes).toEqual([undefined])
  })

  test('among deletions that nobody saw makes that the last event', async () => {
    const keys: string[] = []
    const { connection, watcher } = await watched(({ key, operation }) => {
      keys.push(key)
      if (operation === 'delete') watcher.stop()
    })
    connection.receive(value('a', 1), value('b', 2), synced(2))
    connection.receive({ type: 'reset', sub: '1', reason: 'bucket_deleted' }, synced(3))
    expect(keys).toEqual(['a', 'b', 'a'])
    expect(watcher.status.state).toBe('closed')
  })

  test('in a callback of one watch ends another one in the middle of its values', async () => {
    const { bucket, last } = watchWorld()
    const keys: string[] = []
    const other = bucket.watch({ onUpdate: ({ key }) => keys.push(key) })
    bucket.watch({ onUpdate: () => other.stop() })
    const connection = await last()
    connection.open()
    connection.receive(value('a', 1), value('x', 1, 1, '2'), value('b', 2), synced(2))
    expect(keys).toEqual(['a'])
  })

  test('a second time is a no-op', async () => {
    const { closes, states, watcher } = await watched(() => undefined)
    watcher.stop()
    watcher.stop()
    expect(closes).toEqual([undefined])
    expect(states).toEqual(['connecting', 'closed'])
  })

  test('is what aborting the signal does (W22)', async () => {
    const { bucket, last } = watchWorld()
    const controller = new AbortController()
    const watcher = bucket.watch({}, { signal: controller.signal })
    const connection = await last()
    controller.abort()
    await settle()
    expect(watcher.status.state).toBe('closed')
    expect(connection.isOver).toBe(true)
  })

  test('has been done already where the signal is aborted before', async () => {
    const { bucket, connections } = watchWorld()
    const watcher = bucket.watch({}, { signal: AbortSignal.abort() })
    await settle()
    expect(watcher.status.state).toBe('closed')
    expect(connections).toHaveLength(0)
  })

  test('is what the end of an `await using` block does', async () => {
    const { watcher } = await watched(() => undefined)
    await watcher[Symbol.asyncDispose]()
    expect(watcher.status.state).toBe('closed')
  })
})

describe('ready', () => {
  test('resolves when all current values have come, and not before (W28)', async () => {
    const { connection, watcher } = await watched(() => undefined)
    let isReady = false
    void watcher.ready.then(() => {
      isReady = true
    })
    connection.receive(value('a', 1))
    await settle()
    expect(isReady).toBe(false)
    connection.receive(synced(1))
    await settle()
    expect(isReady).toBe(true)
  })

  test('rejects where it ends before, and is no unhandled rejection where nobody awaits it (W28)', async () => {
    const unhandled: unknown[] = []
    const listener = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', listener)
    const { connection, watcher } = await watched(() => undefined)
    const { watcher: stopped } = await watched(() => undefined)
    connection.receive({ type: 'error', sub: '1', code: 'invalid_request', detail: 'no such thing' })
    stopped.stop()
    await settle()
    await settle()
    process.off('unhandledRejection', listener)
    expect(unhandled).toEqual([])
    expect(await failure(watcher.ready)).toMatchObject({ code: 'invalid_request' })
    expect(await failure(stopped.ready)).toMatchObject({ code: 'closed' })
  })

  test('stays resolved through whatever comes later (W28)', async () => {
    const { connection, watcher } = await watched(() => undefined)
    connection.receive(synced(1))
    watcher.stop()
    await expect(watcher.ready).resolves.toBeUndefined()
  })
})

test('awaiting a watcher hands it back', async () => {
  const { watcher } = await watched(() => undefined)
  expect(await watcher).toBe(watcher)
})

describe('for await', () => {
  test('gets of each key the newest, in the order in which it came (W26)', async () => {
    const { bucket, last } = watchWorld()
    const watcher = bucket.watch()
    const connection = await last()
    connection.open()
    connection.receive(value('a', 1), value('b', 2), synced(2), changed('c', 3), changed('a', 4), changed('a', 5))
    const seen: string[] = []
    for await (const { key, revision } of watcher) {
      seen.push(`${key}${revision}`)
      if (key === 'a') break
    }
    expect(seen).toEqual(['b2', 'c3', 'a5'])
  })

  test('stops the watch when it is left', async () => {
    const { bucket, last } = watchWorld()
    const watcher = bucket.watch()
    const connection = await last()
    connection.open()
    connection.receive(value('a', 1))
    for await (const _ of watcher) break
    await settle()
    expect(watcher.status.state).toBe('closed')
    expect(connection.isOver).toBe(true)
  })

  test('stops the watch also where the body throws', async () => {
    const { bucket, last } = watchWorld()
    const watcher = bucket.watch()
    const connection = await last()
    connection.open()
    connection.receive(value('a', 1))
    const loop = async () => {
      for await (const _ of watcher) throw new Error('mine')
    }
    expect((await failure<Error>(loop())).message).toBe('mine')
    expect(watcher.status.state).toBe('closed')
  })

  test('ends when the watch is stopped from elsewhere', async () => {
    const { bucket } = watchWorld()
    const watcher = bucket.watch()
    const done = (async () => {
      for await (const _ of watcher) throw new Error('nothing was to come')
    })()
    watcher.stop()
    await done
  })

  test('throws what ended the watch, after what came before it', async () => {
    const { bucket, last } = watchWorld()
    const watcher = bucket.watch()
    const connection = await last()
    connection.open()
    connection.receive(value('a', 1), { type: 'error', sub: '1', code: 'invalid_request', detail: 'wrong' })
    const seen: string[] = []
    const loop = async () => {
      for await (const { key } of watcher) seen.push(key)
    }
    expect(await failure(loop())).toMatchObject({ code: 'invalid_request', message: 'wrong' })
    expect(seen).toEqual(['a'])
  })

  test('of a watch that has a callback gets what comes from then on', async () => {
    const keys: string[] = []
    const { connection, watcher } = await watched(({ key }) => keys.push(key))
    connection.receive(value('a', 1))
    const iterator = watcher[Symbol.asyncIterator]()
    connection.receive(value('b', 2))
    expect((await iterator.next()).value).toMatchObject({ key: 'b' })
    expect(keys).toEqual(['a', 'b'])
  })

  test('of a watch that has ended is over at once', async () => {
    const { watcher } = await watched(() => undefined)
    watcher.stop()
    for await (const _ of watcher) throw new Error('nothing was to come')
  })
})

describe('the status of a watch', () => {
  test('goes from connecting to live, is interrupted, and is closed once (W29)', async () => {
    const { client, connection, last, platform, states, watcher } = await watched(() => undefined)
    connection.receive(synced(1))
    connection.end(broken())
    await platform.advance(1_000)
    ;(await last()).openInSync()
    await client.close()
    expect(states).toEqual(['connecting', 'live', 'interrupted', 'connecting', 'live', 'closed'])
    expect(watcher.status.state).toBe('closed')
  })

  test('says since when it is live, and that it is in sync as of the last message (W30)', async () => {
    const { connection, platform, watcher } = await watched(() => undefined)
    expect(watcher.status).toEqual({ state: 'connecting', lastSyncedAt: undefined })
    connection.receive(synced(1))
    const since = platform.now()
    await platform.advance(15_000)
    connection.receive({ type: 'heartbeat', cursors: { '1': cursor(5) } })
    await platform.advance(3_000)
    expect(watcher.status).toEqual({ state: 'live', since, lastSyncedAt: since + 15_000 })
  })

  test('keeps when it was last in sync after the connection is gone (W30)', async () => {
    const { connection, platform, watcher } = await watched(() => undefined)
    connection.receive(synced(1))
    const syncedAt = platform.now()
    await platform.advance(5_000)
    platform.signal({ type: 'pause', reason: 'hidden' })
    await platform.advance(5_000)
    expect(watcher.status).toEqual({ state: 'paused', reasons: ['hidden'], lastSyncedAt: syncedAt })
    expect(connection.isOver).toBe(true)
  })

  test('is connecting while its values come again (W29)', async () => {
    const { connection, states } = await watched(() => undefined)
    connection.receive(synced(1), { type: 'reset', sub: '1', reason: 'bucket_deleted' }, synced(2))
    expect(states).toEqual(['connecting', 'live', 'connecting', 'live'])
  })
})
