import { describe, expect, test } from 'vitest'
import { UnauthenticatedError } from '../../src/errors/kinds'
import { broken } from '../fake-transport'
import { synced, TIME, watchWorld } from './world'

const limits = {
  type: 'config_update',
  sub: '1',
  name: 'limits',
  data: { seats: 5 },
  epoch: 'e',
  updatedAt: TIME,
} as const

describe('ready', () => {
  test('is live as soon as the document has come', async () => {
    const { client, last, platform } = watchWorld()
    const ready = client.config().live('limits').ready()
    const connection = await last()
    connection.open()
    connection.receive({ ...limits, revision: 1 }, synced(1))
    expect(await ready).toEqual({ state: 'live' })
    expect(await client.config().live('limits').ready()).toEqual({ state: 'live' })
    await platform.advance(10_000)
    expect([connection.isOver, platform.timers.size]).toEqual([true, 0])
  })

  test.each([
    [undefined, 'none'],
    [{ seats: 1 }, 'fallback'],
  ])('says that there is no such document (fallback: %j)', async (fallback, state) => {
    const { client, last } = watchWorld({ environment: 'prdo' })
    const ready = client.config().live('limits', { fallback }).ready()
    const connection = await last()
    connection.openInSync()
    expect(await ready).toMatchObject({
      state,
      error: { code: 'not_found', message: 'there is no config document "limits" in environment "prdo"' },
    })
  })

  test('waits for a server that cannot be reached until the time is up, and says why', async () => {
    const { client, last, platform } = watchWorld()
    const ready = client.config().live('limits').ready()
    const connection = await last()
    connection.end(broken())
    const before = platform.elapsed
    expect(await platform.run(ready)).toMatchObject({ state: 'none', error: { message: 'connection reset' } })
    expect(platform.elapsed - before).toBeLessThanOrEqual(10_000)
  })

  test('says after the given time that nothing came', async () => {
    const { client, platform } = watchWorld()
    const ready = client.config().live('limits').ready({ timeoutMs: 500 })
    expect(await platform.run(ready)).toMatchObject({
      state: 'none',
      error: { code: 'timeout', message: 'config.watch of "limits" took longer than timeoutMs (500 ms)' },
    })
    expect(platform.elapsed).toBe(500)
  })

  test('says at once that the key is refused', async () => {
    const { client, last, platform } = watchWorld()
    const live = client.config().live('limits', { fallback: { seats: 1 } })
    const ready = live.ready()
    const connection = await last()
    connection.end(new UnauthenticatedError('no such key', 'unauthenticated'))
    expect(await ready).toMatchObject({ state: 'fallback', error: { code: 'unauthenticated' } })
    expect(platform.elapsed).toBe(0)
  })

  test('says that what was live may be out of date', async () => {
    const { client, last, platform } = watchWorld()
    const live = client.config().live('limits')
    live.subscribe()
    const connection = await last()
    connection.open()
    connection.receive({ ...limits, revision: 1 }, synced(1))
    connection.end(broken())
    expect(await platform.run(live.ready({ timeoutMs: 100 }))).toMatchObject({
      state: 'stale',
      error: { code: 'connection_failed' },
    })
  })

  test.each(['before', 'meanwhile'])('says that the client was closed %s', async (when) => {
    const { client } = watchWorld()
    const live = client.config().live('limits')
    if (when === 'before') await client.close()
    const ready = live.ready()
    if (when === 'meanwhile') await client.close()
    expect(await ready).toMatchObject({ state: 'none', error: { code: 'closed' } })
  })
})
