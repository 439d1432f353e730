import { describe, expect, test } from 'vitest'
import type { ServerFrame } from '../../src/protocol/frames'
import { settle } from '../fake-platform'
import { broken } from '../fake-transport'
import { cursor, deleted, synced, TIME, value, watchWorld } from './world'

/** Longer than a live value that is not in use goes on. */
const LONG = 10_000

function document(seats: number, revision: number, sub = '1'): ServerFrame {
  const about = { name: 'limits', data: { seats, nested: { list: [1] } }, revision, epoch: 'e', updatedAt: TIME }
  return { type: 'config_update', sub, ...about, cursor: cursor(revision) }
}

function deletion(revision: number): ServerFrame {
  const about = { name: 'limits', revision, epoch: 'e', updatedAt: TIME }
  return { type: 'config_delete', sub: '1', ...about, cursor: cursor(revision) }
}

function world() {
  const world = watchWorld()
  const limits = world.client.config().live<{ seats: number }>('limits')
  return { ...world, limits }
}

/** A live document with a subscriber, on an open connection. */
async function used() {
  const it = world()
  let changes = 0
  const unsubscribe = it.limits.subscribe(() => changes++)
  const connection = await it.last()
  connection.open()
  await settle()
  return { ...it, connection, unsubscribe, changes: () => changes }
}

describe('the snapshot of a document', () => {
  test('is nothing until the watch is in sync, then the document, and nothing again when it is deleted', async () => {
    const { limits, connection } = await used()
    connection.receive(document(5, 1))
    expect(limits.getSnapshot()).toBeUndefined()
    connection.receive(synced(1))
    const data = { seats: 5, nested: { list: [1] } }
    expect(limits.getSnapshot()).toEqual({ name: 'limits', data, revision: 1, epoch: 'e', updatedAt: TIME })
    connection.receive(deletion(2))
    expect(limits.getSnapshot()).toBeUndefined()
  })

  test('is frozen, with all within it', async () => {
    const { limits, connection } = await used()
    connection.receive(document(5, 1), synced(1))
    const snapshot = limits.getSnapshot()
    const data = snapshot?.data as { nested?: { list: number[] } } | undefined
    expect([snapshot, data, data?.nested, data?.nested?.list].map(Object.isFrozen)).toEqual([true, true, true, true])
    expect(data?.nested?.list).toEqual([1])
  })

  test('is the same object until the document changes, also after an interruption', async () => {
    const { limits, connection, last, platform } = await used()
    connection.receive(document(5, 1), synced(1))
    const before = limits.getSnapshot()
    connection.receive({ type: 'reset', sub: '1', reason: 'history_expired' })
    connection.end(broken())
    await platform.advance(2_000)
    const next = await last()
    next.open()
    next.receive({ ...document(5, 1), cursor: undefined } as ServerFrame, synced(1))
    expect(limits.getSnapshot()).toBe(before)
    next.receive(document(6, 2))
    expect(limits.getSnapshot()?.data.seats).toBe(6)
  })
})

describe('the snapshot of a bucket', () => {
  async function bucketWorld(filter?: string) {
    const it = watchWorld()
    const live = it.client.kv().bucket<number>('b').live(filter)
    live.subscribe()
    const connection = await it.last()
    connection.open()
    return { ...it, live, connection }
  }

  test('has the values by key, once all are there, and is frozen', async () => {
    const { live, connection } = await bucketWorld()
    connection.receive(value('a', 1))
    expect(live.getSnapshot()).toBeUndefined()
    connection.receive(value('b', 2), synced(2))
    expect(live.getSnapshot()).toEqual({ a: 1, b: 2 })
    expect(Object.isFrozen(live.getSnapshot())).toBe(true)
    connection.receive(deleted('a', 3))
    expect(live.getSnapshot()).toEqual({ b: 2 })
  })

  test('is empty, and live, where there are no keys', async () => {
    const { live, connection } = await bucketWorld()
    const ready = live.ready()
    connection.receive(synced(0))
    expect(live.getSnapshot()).toEqual({})
    expect(await ready).toEqual({ state: 'live' })
  })

  test('has no member but the keys', async () => {
    const { live, connection } = await bucketWorld()
    connection.receive(value('__proto__', 1), synced(1))
    const snapshot = live.getSnapshot() as Record<string, unknown>
    expect(Object.keys(snapshot)).toEqual(['__proto__'])
    expect(snapshot.constructor).toBeUndefined()
  })

  test('asks for the keys of the filter', async () => {
    const { connection } = await bucketWorld('user.*')
    expect(connection.asked).toMatchObject([{ kind: 'kv', target: 'b', filters: ['user.*'] }])
  })
})

describe('a fallback', () => {
  test('of a document is the snapshot until there is one, and again when it is deleted', async () => {
    const { client, last } = watchWorld()
    const limits = client.config().live('limits', { fallback: { seats: 1, since: new Date(0) } })
    const fallback = { name: 'limits', data: { seats: 1, since: '1970-01-01T00:00:00.000Z' }, revision: 0 }
    expect(limits.getSnapshot()).toEqual(fallback)
    expect(Object.isFrozen(limits.getSnapshot().data)).toBe(true)
    const connection = await last()
    connection.open()
    connection.receive(document(5, 1), synced(1))
    expect(limits.getSnapshot().data.seats).toBe(5)
    connection.receive(deletion(2))
    expect(limits.getSnapshot()).toEqual(fallback)
  })

  test('of a bucket is the snapshot until its keys are known', async () => {
    const { client, last } = watchWorld()
    const flags = client
      .kv()
      .bucket<boolean>('b')
      .live(undefined, { fallback: { beta: false } })
    expect(flags.getSnapshot()).toEqual({ beta: false })
    const connection = await last()
    connection.openInSync()
    expect(flags.getSnapshot()).toEqual({})
  })

  test("is a copy: the caller's object is neither changed nor kept", () => {
    const { client } = watchWorld()
    const fallback = { seats: [1] }
    const live = client.config().live('limits', { fallback })
    fallback.seats.push(2)
    expect([live.getSnapshot().data.seats, Object.isFrozen(fallback.seats)]).toEqual([[1], false])
  })

  test('of one caller is not that of another, and both share one watch', async () => {
    const { client, last } = watchWorld()
    const one = client.config().live('limits', { fallback: { seats: 1 } })
    const two = client.config().live('limits', { fallback: { seats: 2 } })
    expect([one.getSnapshot().data, two.getSnapshot().data]).toEqual([{ seats: 1 }, { seats: 2 }])
    const connection = await last()
    connection.open()
    expect(connection.asked).toHaveLength(1)
    connection.receive(document(5, 1), synced(1))
    expect(one.getSnapshot()).toBe(two.getSnapshot())
  })
})

describe('sharing', () => {
  test('fifty live values of one document are one object and one subscription', async () => {
    const { client, last } = watchWorld()
    const values = Array.from({ length: 50 }, () => client.config().live('limits'))
    expect(new Set(values).size).toBe(1)
    expect(new Set(values.map(() => client.config().live('limits', { fallback: { seats: 1 } }))).size).toBe(1)
    for (const each of values) each.subscribe()
    const connection = await last()
    connection.open()
    expect(connection.asked).toHaveLength(1)
  })

  test('live values of different targets are different', async () => {
    const { client, last } = watchWorld()
    const bucket = client.kv().bucket('limits')
    const values = [client.config().live('limits'), bucket.live(), bucket.live('a'), bucket.live(['a', 'b'])]
    for (const each of values) each.subscribe()
    const connection = await last()
    connection.open()
    expect(connection.asked).toHaveLength(4)
  })
})

describe('the watch', () => {
  test('begins with the first read, and not before', async () => {
    const { limits, connections } = world()
    await settle()
    expect([connections.length, limits.status.state]).toEqual([0, 'idle'])
    limits.getSnapshot()
    await settle()
    expect([connections.length, limits.status.state]).toEqual([1, 'connecting'])
  })

  test('ends a few seconds after the last subscriber has left, and the snapshot stays', async () => {
    const { limits, connection, platform, unsubscribe } = await used()
    connection.receive(document(5, 1), synced(1))
    await platform.advance(20_000)
    unsubscribe()
    await platform.advance(2_000)
    expect(connection.isOver).toBe(false)
    await platform.advance(2_000)
    expect([connection.isOver, limits.status.state, platform.timers.size]).toEqual([true, 'idle', 0])
    expect(limits.getSnapshot()?.data.seats).toBe(5)
  })

  test('ends a few seconds after the last read', async () => {
    const { limits, last, platform } = world()
    limits.getSnapshot()
    const connection = await last()
    connection.openInSync()
    for (let second = 0; second < 20; second += 2) {
      await platform.advance(2_000)
      limits.getSnapshot()
    }
    expect(connection.isOver).toBe(false)
    await platform.advance(LONG)
    expect([connection.isOver, platform.timers.size]).toEqual([true, 0])
  })

  test('goes on while somewhere there is a subscriber, and when one comes back in time', async () => {
    const { limits, connection, connections, platform, unsubscribe } = await used()
    const other = limits.subscribe()
    unsubscribe()
    limits.stop()
    await platform.advance(LONG)
    other()
    other()
    await platform.advance(1_000)
    limits.subscribe()
    await platform.advance(LONG)
    expect([connection.isOver, connections.length]).toEqual([false, 1])
  })

  test('ends at once when it is stopped, and begins again with the next use', async () => {
    const { limits, connection, last, unsubscribe } = await used()
    connection.receive(document(5, 1), synced(1))
    const before = limits.getSnapshot()
    unsubscribe()
    await limits[Symbol.asyncDispose]()
    await settle()
    expect([connection.isOver, limits.status]).toEqual([true, { state: 'idle' }])
    limits.subscribe()
    const next = await last()
    next.open()
    next.receive(document(5, 1, '2'), synced(1, '2'))
    expect([limits.status.state, limits.getSnapshot()]).toEqual(['live', before])
    expect(limits.getSnapshot()).toBe(before)
  })

  test('that begins again knows what went away meanwhile', async () => {
    const { limits, connection, last, unsubscribe } = await used()
    connection.receive(document(5, 1), synced(1))
    unsubscribe()
    limits.stop()
    limits.subscribe()
    const next = await last()
    next.open()
    expect(limits.getSnapshot()?.data.seats).toBe(5)
    next.receive(synced(3, '2'))
    expect(limits.getSnapshot()).toBeUndefined()
  })

  test('that the server has ended is asked for again by the next use', async () => {
    const { limits, connection, last, platform, unsubscribe } = await used()
    connection.receive({ type: 'error', sub: '1', code: 'invalid_request', detail: 'no', fields: { name: 'no' } })
    expect(limits.status).toMatchObject({ state: 'closed', error: { code: 'invalid_request' } })
    unsubscribe()
    await platform.advance(LONG)
    limits.subscribe()
    const next = await last()
    next.openInSync()
    expect(limits.status.state).toBe('live')
  })

  test('ends with the client: no timer is left, and reading goes on without one', async () => {
    const { limits, connection, client, failures, platform, unsubscribe } = await used()
    connection.receive(document(5, 1), synced(1))
    await client.close()
    expect([limits.status.state, limits.getSnapshot()?.data.seats]).toEqual(['closed', 5])
    unsubscribe()
    for (let reads = 0; reads < 5; reads++) limits.getSnapshot()
    expect([platform.timers.size, failures]).toEqual([0, []])
  })
})

describe('listeners', () => {
  test('are called after each change of the data or of the status, until they leave', async () => {
    const { limits, connection, unsubscribe } = await used()
    const seen: unknown[] = []
    limits.subscribe(() => seen.push([limits.status.state, limits.getSnapshot()?.data.seats]))
    connection.receive(document(5, 1), synced(1), document(6, 2), deletion(3))
    connection.end(broken())
    await settle()
    expect(seen).toEqual([
      ['live', 5],
      ['live', 6],
      ['live', undefined],
      ['interrupted', undefined],
    ])
    unsubscribe()
  })

  test('that subscribe twice are called twice, and each can leave', async () => {
    const { limits, connection, unsubscribe } = await used()
    connection.receive(synced(1))
    let calls = 0
    const listener = () => calls++
    const leave = limits.subscribe(listener)
    limits.subscribe(listener)
    connection.receive(document(5, 2))
    expect(calls).toBe(2)
    leave()
    unsubscribe()
    connection.receive(document(6, 3))
    expect(calls).toBe(3)
  })

  test('that throw or reject are reported to onError, and do not keep others from being called', async () => {
    const { limits, connection, changes, failures } = await used()
    connection.receive(synced(1))
    const before = changes()
    limits.subscribe(() => {
      throw new Error('oops')
    })
    limits.subscribe(async () => {
      throw new Error('later')
    })
    let calls = 0
    limits.subscribe(() => calls++)
    connection.receive(document(5, 2))
    await settle()
    expect([changes() - before, calls]).toEqual([1, 1])
    expect(failures.map(({ error, context }) => [context.method, error.message])).toEqual([
      ['config.watch', 'a callback threw: oops'],
      ['config.watch', 'a callback threw: later'],
    ])
  })
})

describe('the status', () => {
  test('is the same object until it changes', async () => {
    const { limits, connection, platform } = await used()
    connection.receive(synced(1))
    const { status } = limits
    await platform.advance(5_000)
    connection.receive(document(5, 2))
    expect(limits.status).toBe(status)
    expect(status).toMatchObject({ state: 'live' })
  })
})

describe('age', () => {
  test('is infinite until it is known what the document is', async () => {
    const { limits, connection } = await used()
    expect([limits.age, limits.lastSyncedAt]).toEqual([Number.POSITIVE_INFINITY, undefined])
    connection.receive(document(5, 1))
    expect(limits.age).toBe(Number.POSITIVE_INFINITY)
    connection.receive(synced(1))
    expect(limits.age).toBe(0)
  })

  test('is that of the last message while all is well, and grows when it is not, or when it is not in use', async () => {
    const { limits, connection, platform, unsubscribe } = await used()
    connection.receive(synced(1))
    await platform.advance(15_000)
    expect(limits.age).toBe(15_000)
    connection.receive({ type: 'heartbeat', cursors: {} })
    expect(limits.age).toBe(0)
    unsubscribe()
    await platform.advance(60_000)
    expect(limits.age).toBe(60_000)
  })
})
