import { describe, expect, test } from 'vitest'
import type { ServerFrame } from '../../src/protocol/frames'
import { settle } from '../fake-platform'
import { broken, failure } from '../fake-transport'
import { cursor, synced, TIME, watchWorld } from './world'

const document = (seats: number, revision: number): ServerFrame => ({
  type: 'config_update',
  sub: '1',
  name: 'limits',
  data: { seats },
  revision,
  epoch: 'e',
  updatedAt: TIME,
  cursor: cursor(revision),
})
const deletion = (revision: number): ServerFrame => ({
  type: 'config_delete',
  sub: '1',
  name: 'limits',
  revision,
  epoch: 'e',
  updatedAt: TIME,
  cursor: cursor(revision),
})

async function live() {
  const world = watchWorld()
  const limits = world.client.config().live<{ seats: number }>('limits')
  const connection = await world.last()
  connection.open()
  return { ...world, limits, connection }
}

describe('the snapshot', () => {
  test('is nothing before the document is known, then what it is, then nothing again', async () => {
    const { limits, connection } = await live()
    expect(limits.getSnapshot()).toBeUndefined()
    connection.receive(document(5, 1), synced(1))
    expect(limits.getSnapshot()).toEqual({
      name: 'limits',
      data: { seats: 5 },
      revision: 1,
      epoch: 'e',
      updatedAt: TIME,
    })
    connection.receive(deletion(2))
    expect(limits.getSnapshot()).toBeUndefined()
  })

  test('is the same object until the document changes, also after an interruption', async () => {
    const { limits, connection, last, platform } = await live()
    connection.receive(document(5, 1), synced(1))
    const before = limits.getSnapshot()
    connection.receive({ type: 'reset', sub: '1', reason: 'history_expired' })
    connection.end(broken())
    await platform.advance(1_000)
    const next = await last()
    next.open()
    next.receive({ ...document(5, 1), cursor: undefined } as ServerFrame, synced(1))
    expect(limits.getSnapshot()).toBe(before)
    next.receive(document(6, 2))
    expect(limits.getSnapshot()?.data.seats).toBe(6)
  })

  test('stays what it is after a stop', async () => {
    const { limits, connection } = await live()
    connection.receive(document(5, 1), synced(1))
    limits.stop()
    connection.receive(document(6, 2))
    expect(limits.getSnapshot()?.data.seats).toBe(5)
    expect(limits.status.state).toBe('closed')
  })
})

describe('listeners', () => {
  test('are called after each change, until that is taken back', async () => {
    const { limits, connection } = await live()
    const seen: Array<number | undefined> = []
    const unsubscribe = limits.subscribe(() => seen.push(limits.getSnapshot()?.data.seats))
    connection.receive(document(5, 1), synced(1), document(6, 2), deletion(3))
    unsubscribe()
    unsubscribe()
    connection.receive(document(7, 4))
    expect(seen).toEqual([5, 6, undefined])
  })

  test('that subscribe twice are called twice, and each can be taken back', async () => {
    const { limits, connection } = await live()
    let calls = 0
    const listener = () => calls++
    const unsubscribe = limits.subscribe(listener)
    limits.subscribe(listener)
    connection.receive(document(5, 1))
    expect(calls).toBe(2)
    unsubscribe()
    connection.receive(document(6, 2))
    expect(calls).toBe(3)
  })

  test('that throw do not keep others from being called', async () => {
    const { limits, connection } = await live()
    let calls = 0
    limits.subscribe(() => {
      throw new Error('oops')
    })
    limits.subscribe(() => calls++)
    connection.receive(document(5, 1))
    expect(calls).toBe(1)
  })

  test('hear nothing after a stop', async () => {
    const { limits, connection } = await live()
    let calls = 0
    limits.subscribe(() => calls++)
    limits.stop()
    connection.receive(document(5, 1))
    expect(calls).toBe(0)
  })
})

describe('age', () => {
  test('is infinite until it is known what the document is', async () => {
    const { limits, connection } = await live()
    expect([limits.age, limits.lastSyncedAt]).toEqual([Number.POSITIVE_INFINITY, undefined])
    connection.receive(document(5, 1))
    expect(limits.age).toBe(Number.POSITIVE_INFINITY)
    connection.receive(synced(1))
    expect(limits.age).toBe(0)
  })

  test('is that of the last message while all is well, and grows when it is not', async () => {
    const { limits, connection, platform } = await live()
    connection.receive(synced(1))
    await platform.advance(15_000)
    expect(limits.age).toBe(15_000)
    connection.receive({ type: 'heartbeat', cursors: {} })
    expect(limits.age).toBe(0)
    connection.end(broken())
    await platform.advance(60_000)
    expect(limits.age).toBe(60_000)
  })
})

describe('ready', () => {
  test('resolves also where there is no such document', async () => {
    const { limits, connection } = await live()
    connection.receive(synced(1))
    await limits.ready
    expect(limits.getSnapshot()).toBeUndefined()
  })

  test('rejects when it is stopped before', async () => {
    const { limits } = await live()
    limits.stop()
    expect(await failure(limits.ready)).toMatchObject({ code: 'closed' })
  })
})

test('its end is the end of its watch', async () => {
  const { limits, connection, platform } = await live()
  await limits[Symbol.asyncDispose]()
  await settle()
  expect(connection.isOver).toBe(true)
  expect(platform.timers.size).toBe(0)
})
