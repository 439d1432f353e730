import type { ConfigDelete, ConfigUpdate, KvUpdate, SystemEvent } from '@ironflow/node'
import { describe, expect, it, vi } from 'vitest'
import { useWorld } from '../support/world'

const world = useWorld()
const TRANSPORTS = ['websocket', 'sse', 'poll', 'auto'] as const

const soon = (check: () => void) => vi.waitFor(check, { timeout: 5_000, interval: 10 })

/** What of an event the tests are about. */
const brief = ({ key, operation, data, initial }: KvUpdate) => [key, operation, data, initial]

describe.each(TRANSPORTS)('over %s', (transport) => {
  const watching = () => world.client({ transport, retry: { maxDelayMs: 20 } })
  // Calls over HTTP, whatever the watches use.
  const writer = () => world.client()

  it('a document is told as it is, then each change, then that it is gone', async () => {
    const name = `document-${transport}`
    const first = await writer().config().set(name, { seats: 1 })
    const told: Array<ConfigUpdate<{ seats: number }> | ConfigDelete> = []
    const push = (event: (typeof told)[number]) => void told.push(event)
    const client = watching()
    const watcher = client.config().watch<{ seats: number }>(name, { onUpdate: push, onDelete: push })
    await watcher.ready
    expect(told).toEqual([{ type: 'config_update', ...first, data: { seats: 1 }, initial: true }])
    const second = await writer().config().patch(name, { seats: 2 })
    await writer().config().delete(name)
    await soon(() => expect(told).toHaveLength(3))
    expect(told[1]).toEqual({ type: 'config_update', ...second, data: { seats: 2 }, initial: false })
    expect(told[2]).toMatchObject({ type: 'config_delete', name, initial: false })
    expect(watcher.status).toMatchObject({ state: 'live', lastSyncedAt: expect.any(Number) })
    expect(client.status().transport).toBe(transport === 'auto' ? 'websocket' : transport)
  })

  it('a live document is what was written last, and undefined when it is gone', async () => {
    const name = `live-${transport}`
    const live = watching().config().live<{ on: boolean }>(name)
    expect(await live.ready()).toMatchObject({ state: 'none', error: { code: 'not_found' } })
    expect(live.getSnapshot()).toBeUndefined()
    const changes: unknown[] = []
    live.subscribe(() => changes.push(live.getSnapshot()?.data.on))
    await writer().config().set(name, { on: true })
    await soon(() => expect(live.getSnapshot()?.data).toEqual({ on: true }))
    await writer().config().delete(name)
    await soon(() => expect(changes).toEqual([true, undefined]))
    expect(live.age).toBeLessThan(20_000)
  })

  it('a live bucket is its values by key, and a watcher reaches what was written', async () => {
    const bucket = writer().kv().bucket<number>(`live-${transport}`)
    await bucket.put('n.a', 1)
    const client = watching()
    const live = client.kv().bucket<number>(bucket.name).live('n.*', { fallback: {} })
    const leave = live.subscribe()
    expect(await live.ready()).toEqual({ state: 'live' })
    expect(live.getSnapshot()).toEqual({ 'n.a': 1 })
    const watcher = client
      .kv()
      .bucket(bucket.name)
      .watch({ onUpdate: () => undefined })
    await watcher.reached(await bucket.put('n.b', 2))
    await watcher.reached(await bucket.delete('n.a'))
    await soon(() => expect(live.getSnapshot()).toEqual({ 'n.b': 2 }))
    leave()
    watcher.stop()
  })

  it('the keys of a bucket are told as they are, then updates, deletes and purges', async () => {
    const bucket = writer().kv().bucket(`bucket-${transport}`)
    await bucket.put('a', { n: 1 })
    await bucket.put('b', 'text')
    await bucket.put('gone', 1)
    await bucket.delete('gone')
    const told: KvUpdate[] = []
    await watching()
      .kv()
      .bucket(bucket.name)
      .watch({ onUpdate: (event) => told.push(event) }).ready
    expect(told.map(brief)).toEqual([
      ['a', 'put', { n: 1 }, true],
      ['b', 'put', 'text', true],
    ])
    await bucket.put('a', null)
    await bucket.put('bytes', Uint8Array.of(0, 255))
    await bucket.delete('a')
    await bucket.purge('b')
    await soon(() => expect(told).toHaveLength(6))
    expect(told.slice(2).map(brief)).toEqual([
      ['a', 'put', null, false],
      ['bytes', 'put', Uint8Array.of(0, 255), false],
      ['a', 'delete', undefined, false],
      ['b', 'purge', undefined, false],
    ])
    expect(told.slice(0, 4).map(({ value }) => JSON.parse(value))).toEqual([{ n: 1 }, 'text', null, 'AP8='])
  })

  it('filters and updatesOnly choose what is told (W1, W3)', async () => {
    const bucket = writer().kv().bucket(`filters-${transport}`)
    for (const key of ['user.1', 'user.2', 'session.1']) await bucket.put(key, 'before')
    const client = watching()
    const told: Record<string, unknown[]> = { filtered: [], later: [] }
    const watched = client.kv().bucket(bucket.name)
    const watchers = [
      watched.watch({ onUpdate: (event) => told.filtered?.push(brief(event)) }, { key: ['user.*', 'config'] }),
      watched.watch({ onUpdate: (event) => told.later?.push(brief(event)) }, { updatesOnly: true }),
    ]
    await Promise.all(watchers.map(({ ready }) => ready))
    for (const key of ['config', 'user.1', 'session.1', 'user.1.deep']) await bucket.put(key, 'after')
    await soon(() => expect(told.later).toHaveLength(4))
    expect(told.later).toEqual(
      ['config', 'user.1', 'session.1', 'user.1.deep'].map((key) => [key, 'put', 'after', false]),
    )
    await soon(() => expect(told.filtered).toHaveLength(4))
    expect(told.filtered).toEqual([
      ['user.1', 'put', 'before', true],
      ['user.2', 'put', 'before', true],
      ['config', 'put', 'after', false],
      ['user.1', 'put', 'after', false],
    ])
  })

  it('events are told from now on, those that fit the pattern (W1, W14)', async () => {
    const name = `events-${transport}`
    await writer().config().set(name, { n: 1 })
    const told: SystemEvent[] = []
    await watching()
      .events()
      .subscribe(`system.config.${name}.*`, (event) => told.push(event)).ready
    const { revision } = await writer().config().set(name, { n: 2 })
    await writer().config().set(`${name}-other`, { n: 3 })
    await writer().config().delete(name)
    await soon(() => expect(told).toHaveLength(2))
    expect(told[0]).toMatchObject({ topic: `system.config.${name}.updated`, revision, data: { name, data: { n: 2 } } })
    expect(told[1]).toMatchObject({ topic: `system.config.${name}.deleted`, data: { name } })
  })

  it('a loop gets the same, and leaving it ends the watch', async () => {
    const bucket = writer().kv().bucket(`loop-${transport}`)
    await bucket.put('k', 0)
    const watcher = watching().kv().bucket(bucket.name).watch()
    const seen: unknown[] = []
    for await (const { data } of watcher) {
      seen.push(data)
      if (seen.length === 3) break
      await bucket.put('k', seen.length)
    }
    expect(seen).toEqual([0, 1, 2])
    expect(watcher.status.state).toBe('closed')
  })
})

it('a value that expires is told over every transport, about when it does (W14)', async () => {
  const bucket = world.client().kv().bucket('expiring')
  const told = TRANSPORTS.map(() => [] as string[])
  const watchers = TRANSPORTS.map((transport, index) =>
    world
      .client({ transport })
      .kv()
      .bucket('expiring')
      .watch({ onUpdate: ({ key, operation }) => told[index]?.push(`${operation} ${key}`) }),
  )
  await Promise.all(watchers.map(({ ready }) => ready))
  await bucket.put('short', 1, { ttlSeconds: 1 })
  const all = TRANSPORTS.map(() => ['put short', 'expire short'])
  await vi.waitFor(() => expect(told).toEqual(all), { timeout: 5_000 })
})
