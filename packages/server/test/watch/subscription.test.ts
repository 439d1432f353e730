import { formatCursor, type Subscription } from '@ironflow/core/protocol'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { settle } from '../support/recording-sink'
import { WatchWorld } from './watch-world'

const KV: Subscription = { id: 's', kind: 'kv', target: 'b' }

let world: WatchWorld
beforeEach(() => {
  world = new WatchWorld({ tombstoneRetentionMs: 60_000 })
})

describe('the beginning', () => {
  test('is the current values, then synced, then what changes (W1, W14)', async () => {
    await world.put('a', 1)
    await world.put('gone', 1)
    await world.delete('gone')
    const sink = await world.watch([KV])
    await world.put('b', 2)
    await world.delete('a')
    expect(sink.of('s')).toEqual([
      expect.objectContaining({ type: 'kv_update', bucket: 'b', key: 'a', value: 1, encoding: 'json', initial: true }),
      { type: 'synced', sub: 's', cursor: expect.any(String) },
      expect.objectContaining({ key: 'b', value: 2, operation: 'put', cursor: expect.any(String) }),
      expect.objectContaining({ key: 'a', operation: 'delete' }),
    ])
    expect(sink.of('s')[0]).not.toHaveProperty('cursor')
    expect(sink.of('s')[2]).not.toHaveProperty('initial')
    expect(sink.of('s')[3]).not.toHaveProperty('value')
  })

  test('of a bucket or a document that is not there is synced, at once, and follows (W2)', async () => {
    const sink = await world.watch([KV, { id: 'c', kind: 'config', target: 'limits' }])
    expect(sink.frames.map(({ type }) => type)).toEqual(['synced', 'synced'])
    await world.put('a', 1)
    await world.set('limits', { seats: 1 })
    await settle()
    expect(sink.types('s')).toEqual(['synced', 'kv_update'])
    expect(sink.last('config_update')).toMatchObject({ sub: 'c', name: 'limits', data: { seats: 1 } })
  })

  test('with updatesOnly has no values (W1)', async () => {
    await world.put('a', 1)
    const sink = await world.watch([{ ...KV, updatesOnly: true }])
    await world.put('a', 2)
    expect(sink.of('s')).toMatchObject([{ type: 'synced' }, { key: 'a', value: 2 }])
  })

  test('of many values is read page by page, each value once (W3)', async () => {
    for (let n = 0; n < 300; n++) await world.put(`k.${n}`, n)
    const sink = await world.watch([{ ...KV, filters: ['k.*', 'k.>', 'k.7'] }])
    const keys = sink.of('s').flatMap((frame) => ('key' in frame ? [frame.key] : []))
    expect(keys).toHaveLength(300)
    expect(new Set(keys).size).toBe(300)
  })
})

test('who began before there was a bucket goes on from there without a reset (W2)', async () => {
  for (let n = 0; n < 3; n++) await world.put('elsewhere', n, 'other')
  const first = await world.watch([KV])
  await world.put('elsewhere', 4, 'other')
  const second = await world.watch([{ ...KV, cursor: first.last('synced').cursor }])
  await world.put('a', 1)
  const third = await world.watch([{ ...KV, cursor: second.last('synced').cursor }])
  expect(second.types('s')).toEqual(['synced', 'kv_update'])
  expect(third.types('s')).toEqual(['kv_update', 'synced'])
  expect(world.stats.resets.size).toBe(0)
})

describe('filters', () => {
  test('admit what fits any of them, of values and of changes (W3)', async () => {
    await world.put('user.1', 1)
    await world.put('other', 1)
    const sink = await world.watch([{ ...KV, filters: ['user.*', 'exact'] }])
    await world.put('user.2', 1)
    await world.put('user.2.deep', 1)
    await world.put('exact', 1)
    await world.put('exact.not', 1)
    expect(sink.of('s').map((frame) => ('key' in frame ? frame.key : frame.type))).toEqual([
      'user.1',
      'synced',
      'user.2',
      'exact',
    ])
  })
})

describe('config documents', () => {
  test('are watched one by one (W3, W14)', async () => {
    await world.set('limits', { seats: 1 })
    await world.set('other', {})
    const sink = await world.watch([{ id: 'c', kind: 'config', target: 'limits' }])
    await world.set('limits', { seats: 2 })
    await world.set('other', { a: 1 })
    await world.delete('limits', 'SYS_config')
    expect(sink.of('c')).toMatchObject([
      { type: 'config_update', name: 'limits', data: { seats: 1 }, initial: true },
      { type: 'synced' },
      {
        type: 'config_update',
        data: { seats: 2 },
        revision: expect.any(Number),
        updatedAt: '2023-11-14T22:13:20.000Z',
      },
      { type: 'config_delete', name: 'limits', revision: expect.any(Number) },
    ])
  })

  test('are events, with the whole entry; what was before is none (W1, W14)', async () => {
    await world.set('limits', { seats: 1 })
    const sink = await world.watch([
      { id: 'updated', kind: 'events', target: 'system.config.*.updated' },
      { id: 'one', kind: 'events', target: 'system.config.limits.>' },
    ])
    const { revision } = await world.set('limits', { seats: 2 })
    await world.set('other', {})
    await world.delete('limits', 'SYS_config')
    expect(sink.types('updated')).toEqual(['synced', 'event', 'event'])
    expect(sink.of('one')).toMatchObject([
      { type: 'synced' },
      {
        topic: 'system.config.limits.updated',
        data: { name: 'limits', data: { seats: 2 }, revision, updatedAt: expect.any(String) },
        revision,
      },
      { topic: 'system.config.limits.deleted', data: { name: 'limits' } },
    ])
  })
})

test('after a reset, too, only events come that fit the pattern', async () => {
  await world.set('limits', { seats: 1 })
  await world.set('other', {})
  const sink = await world.watch([
    { id: 'deleted', kind: 'events', target: 'system.config.*.deleted', cursor: 'lost-0-0' },
    { id: 'one', kind: 'events', target: 'system.config.limits.*', cursor: 'lost-0-0' },
  ])
  expect(sink.types('deleted')).toEqual(['reset', 'synced'])
  expect(sink.of('one')).toMatchObject([
    { type: 'reset' },
    { topic: 'system.config.limits.updated' },
    { type: 'synced' },
  ])
})

describe('coming back with a cursor', () => {
  test('brings the newest of each key that changed, tombstones included (W9)', async () => {
    await world.put('kept', 1)
    await world.put('deleted', 1)
    const { cursor } = (await world.watch([KV])).last('synced')
    await world.put('new', 1)
    await world.put('new', 2)
    await world.delete('deleted')
    const sink = await world.watch([{ ...KV, cursor }])
    expect(sink.of('s')).toMatchObject([
      { key: 'new', value: 2, cursor: expect.any(String) },
      { key: 'deleted', operation: 'delete' },
      { type: 'synced' },
    ])
    expect(world.stats.resumes).toBe(1)
  })

  test('a cursor of a change brings what came after that change (W8, W9)', async () => {
    const sink = await world.watch([KV])
    await world.put('a', 1)
    await settle()
    const { cursor } = sink.last('kv_update')
    await world.put('b', 1)
    expect((await world.watch([{ ...KV, cursor }])).of('s')).toMatchObject([{ key: 'b' }, { type: 'synced' }])
  })

  test('a bookmark moves with changes of others, so that nothing of them is read again (W10)', async () => {
    const sink = await world.watch([{ ...KV, filters: ['mine'] }])
    for (let n = 0; n < 10; n++) await world.put(`other.${n}`, n)
    sink.session?.beat()
    const bookmark = sink.last('heartbeat').cursors.s
    expect(bookmark?.split('-')[1]).toBe(String((await world.engine.get('APP_default_b', 'other.9'))?.revision))
  })

  test.each([
    ['epoch_changed', () => formatCursor({ epoch: 'another', revision: 1, time: 1 })],
    [
      'ahead_of_store',
      async () => {
        const { epoch } = await world.put('a', 1)
        return formatCursor({ epoch, revision: 9_999, time: 1 })
      },
    ],
    [
      'epoch_changed',
      async () => {
        const sink = await world.watch([KV])
        const { cursor } = sink.last('synced')
        sink.session?.end()
        await world.engine.deleteBucket('APP_default_b')
        await world.put('a', 2)
        return cursor
      },
    ],
    [
      'history_expired',
      async () => {
        const { cursor } = (await world.watch([KV])).last('synced')
        await world.put('gone', 1)
        await world.delete('gone')
        await world.wait(60_001)
        return cursor
      },
    ],
  ] as const)('that is of no use: %s, then values and synced (W12)', async (reason, cursorOf) => {
    await world.put('a', 1)
    const sink = await world.watch([{ ...KV, cursor: await cursorOf() }])
    expect(sink.of('s')).toMatchObject([
      { type: 'reset', reason },
      { type: 'kv_update', key: 'a', initial: true },
      { type: 'synced' },
    ])
    expect(world.stats.resets.get(reason)).toBe(1)
  })
})

test('a cursor of a bucket that is gone is a reset, and nothing but synced follows (W12, W15)', async () => {
  await world.put('a', 1)
  const { cursor } = (await world.watch([KV])).last('synced')
  await world.engine.deleteBucket('APP_default_b')
  expect((await world.watch([{ ...KV, cursor }])).of('s')).toMatchObject([
    { type: 'reset', reason: 'bucket_deleted' },
    { type: 'synced', cursor: expect.stringMatching(/^none-0-/) },
  ])
})

test('a bucket that is deleted under a watcher is a reset, and what is made again follows (W15)', async () => {
  await world.put('a', 1)
  const sink = await world.watch([KV])
  await world.engine.deleteBucket('APP_default_b')
  await settle()
  await world.put('b', 2)
  await settle()
  expect(sink.of('s').slice(2)).toMatchObject([
    { type: 'reset', reason: 'bucket_deleted' },
    { type: 'synced' },
    { type: 'kv_update', key: 'b' },
  ])
})

test('late news of a life of the bucket that is over is not told (W16)', async () => {
  const late: (() => void)[] = []
  const { follow } = world.engine
  vi.spyOn(world.engine, 'follow').mockImplementation((bucket, listener) =>
    follow.call(world.engine, bucket, (event) => void late.push(() => listener(event))),
  )
  const before = await world.watch([KV])
  await world.put('a', 1)
  await world.engine.deleteBucket('APP_default_b')
  await world.put('b', 2)
  const after = await world.watch([KV])
  while (late.length > 0) {
    late.shift()?.()
    await settle()
  }
  expect(before.of('s')).toMatchObject([{ type: 'synced' }, { type: 'kv_update', key: 'b' }])
  expect(after.of('s')).toMatchObject([{ type: 'kv_update', key: 'b', initial: true }, { type: 'synced' }])
})

test('a value that expires is a change (W14)', async () => {
  await world.put('a', 1, 'b', 10)
  const sink = await world.watch([KV])
  await world.wait(10_001)
  expect(sink.of('s').at(-1)).toMatchObject({ key: 'a', operation: 'expire' })
})

test('JSON arrives to the letter, bytes as base64, text as text', async () => {
  const bucket = 'APP_default_b'
  await world.put('a', 1)
  const sink = await world.watch([{ ...KV, updatesOnly: true }])
  await world.engine.put(bucket, 'json', { encoding: 'json', text: '{"n":12345678901234567890.50}' })
  await world.engine.put(bucket, 'bytes', { encoding: 'base64', bytes: new Uint8Array([1, 2, 255]) })
  await world.engine.put(bucket, 'text', { encoding: 'text', text: '"quoted"' })
  expect(sink.texts[1]).toContain('"value":{"n":12345678901234567890.50},"encoding":"json"')
  expect(sink.of('s').slice(2)).toMatchObject([
    { value: 'AQL/', encoding: 'base64' },
    { value: '"quoted"', encoding: 'text' },
  ])
})

test('after unsubscribing nothing more comes, and an id can be used again', async () => {
  const sink = await world.watch([KV])
  sink.session?.unsubscribe('s')
  await world.put('a', 1)
  expect(sink.types('s')).toEqual(['synced'])
  sink.session?.subscribe({ ...KV, filters: ['b'] })
  await settle()
  await world.put('a', 2)
  await world.put('b', 2)
  expect(sink.of('s').slice(1)).toMatchObject([{ type: 'synced' }, { key: 'b' }])
})

test('a store that fails ends the subscription, not the session (W18)', async () => {
  const sink = await world.watch([])
  world.engine.changesSince = () => Promise.reject(new Error('disk on fire'))
  sink.session?.subscribe(KV)
  await settle()
  expect(sink.of('s')).toEqual([
    { type: 'error', sub: 's', code: 'internal', detail: expect.not.stringContaining('fire') },
  ])
  expect(sink.ended).toBeUndefined()
  expect(world.hub.size).toBe(0)
})
