import { describe, expect, test } from 'vitest'
import { settle } from '../fake-platform'
import { broken, failure } from '../fake-transport'
import { synced, watchWorld } from './world'

describe('the status of a client', () => {
  test('goes from idle over connecting to live, and back when nothing is watched any more', async () => {
    const { bucket, client, last, states } = watchWorld()
    expect(client.status()).toMatchObject({ state: 'idle', transport: 'custom' })
    const watcher = bucket.watch()
    const connection = await last()
    expect(client.status().state).toBe('connecting')
    connection.openInSync()
    expect(client.status().state).toBe('live')
    watcher.stop()
    await settle()
    expect(states()).toEqual(['connecting', 'live', 'idle'])
  })

  test('names the environment: as the client was told, or else as the server says', async () => {
    const { bucket, client, last } = watchWorld()
    bucket.watch()
    expect(client.status().environment).toBeUndefined()
    const connection = await last()
    connection.openInSync()
    expect(client.status().environment).toBe('default')
    expect(watchWorld({ environment: 'prod' }).client.status().environment).toBe('prod')
  })

  test('is live when every watch is in sync, and not before (W29)', async () => {
    const { bucket, client, last } = watchWorld()
    bucket.watch()
    bucket.watch()
    const connection = await last()
    connection.open()
    connection.receive(synced(1, '1'))
    expect(client.status().state).toBe('connecting')
    connection.receive(synced(1, '2'))
    expect(client.status().state).toBe('live')
  })

  test('is connecting again while another watch gets its values', async () => {
    const { bucket, last, states } = watchWorld()
    bucket.watch()
    const connection = await last()
    connection.openInSync()
    bucket.watch()
    await settle()
    connection.receive(synced(1, '2'))
    expect(states()).toEqual(['connecting', 'live', 'connecting', 'live'])
  })

  test('is told each time that it is another, and not otherwise (W29)', async () => {
    const { bucket, last, platform, states } = watchWorld()
    const watcher = bucket.watch()
    const connection = await last()
    connection.openInSync()
    for (let i = 0; i < 3; i++) {
      connection.receive({ type: 'heartbeat', cursors: {} }, synced(2))
      bucket.watch().stop()
      await settle()
    }
    connection.end(broken())
    platform.signal({ type: 'pause', reason: 'hidden' })
    platform.signal({ type: 'pause', reason: 'hidden' })
    platform.signal({ type: 'resume', reason: 'hidden' })
    watcher.stop()
    await settle()
    expect(states()).toEqual(['connecting', 'live', 'interrupted', 'paused', 'connecting', 'idle'])
  })

  test('is told again for each attempt that fails: it says when the next one is', async () => {
    const { bucket, last, platform, statuses } = watchWorld()
    bucket.watch()
    for (let i = 0; i < 3; i++) {
      ;(await last()).end(broken())
      await platform.advance(4_000)
    }
    const retries = statuses.flatMap((status) => (status.state === 'interrupted' ? [status.retryAt] : []))
    expect(new Set(retries).size).toBe(3)
  })

  test('says since when it is live, and when it was last known to be', async () => {
    const { bucket, client, last, platform } = watchWorld()
    bucket.watch()
    const connection = await last()
    expect(client.status().lastSyncedAt).toBeUndefined()
    connection.openInSync()
    const since = platform.now()
    await platform.advance(10_000)
    connection.receive({ type: 'heartbeat', cursors: {} })
    await platform.advance(1_000)
    expect(client.status()).toMatchObject({ state: 'live', since, lastSyncedAt: since + 10_000 })
    connection.end(broken())
    await platform.advance(1_000)
    expect(client.status()).toMatchObject({ lastSyncedAt: since + 10_000 })
  })

  test('keeps when it was in sync where another watch has just been started', async () => {
    const { bucket, client, last, platform } = watchWorld()
    bucket.watch()
    ;(await last()).openInSync()
    const syncedAt = platform.now()
    bucket.watch()
    expect(client.status()).toMatchObject({ state: 'connecting', lastSyncedAt: syncedAt })
  })

  test('is closed after the client was, once', async () => {
    const { bucket, client, last, states } = watchWorld()
    bucket.watch()
    ;(await last()).openInSync()
    await client.close()
    await client.close()
    expect(client.status().state).toBe('closed')
    expect(states()).toEqual(['connecting', 'live', 'closed'])
  })

  test('is the same, whatever its hook throws', async () => {
    const { bucket, client, last } = watchWorld({
      onStatus: () => {
        throw new Error('oops')
      },
    })
    bucket.watch()
    ;(await last()).openInSync()
    expect(client.status().state).toBe('live')
  })
})

describe('over WebSockets, with a key that a function brings', () => {
  test('another key opens another connection where a watch was refused with the old one', async () => {
    let key = 'ifkey_old'
    const fetch = async (_: unknown, init?: RequestInit) => {
      const isNew = new Headers(init?.headers).get('authorization') === 'Bearer ifkey_new'
      key = 'ifkey_new'
      return isNew ? Response.json({ name: 'limits', data: {}, revision: 1 }) : new Response('{}', { status: 401 })
    }
    const { bucket, client, platform } = watchWorld({ transport: 'auto', apiKey: () => key, fetch })
    bucket.watch()
    const other = bucket.watch()
    await settle()
    const [first] = platform.sockets
    first?.open()
    first?.receive({ type: 'welcome', heartbeatMs: 15_000 })
    first?.receive({ type: 'error', sub: '2', code: 'unauthorized', detail: 'not with this key' })
    expect(other.status.state).toBe('unauthorized')
    await platform.run(client.config().get('limits'))
    await settle()
    expect(first?.isClosed).toBe(true)
    expect(platform.sockets).toHaveLength(2)
    platform.sockets[1]?.open()
    expect(platform.sockets[1]?.sent).toHaveLength(2)
  })
})

describe('a function that is slow to bring the key', () => {
  const slow = () => {
    let bring: (key: string) => void = () => undefined
    const key = new Promise<string>((resolve) => {
      bring = resolve
    })
    const requests: string[] = []
    const fetch = async (url: unknown) => {
      requests.push(`${url}`)
      return new Response('{}', { status: 500 })
    }
    const world = watchWorld({ transport: 'auto', apiKey: () => key, fetch: fetch as typeof globalThis.fetch })
    return { ...world, bring: (text: string) => bring(text), requests }
  }

  test('speaks not against the WebSocket, whose time begins when the key is there', async () => {
    const { bring, bucket, platform, requests, client } = slow()
    bucket.watch()
    await platform.advance(9_000)
    bring('ifkey_1')
    await settle()
    expect(platform.sockets).toHaveLength(1)
    await platform.advance(4_999)
    expect([client.status().state, requests]).toEqual(['connecting', []])
    await platform.advance(1)
    expect(requests).toHaveLength(1)
  })

  test('is what the status names when it takes too long', async () => {
    const { bucket, client, platform, requests } = slow()
    bucket.watch()
    await platform.advance(10_000)
    expect(client.status()).toMatchObject({
      state: 'interrupted',
      error: { code: 'timeout', message: 'the apiKey function did not return within 10000 ms' },
    })
    expect([platform.sockets, requests]).toEqual([[], []])
  })
})

test('a server that goes away is left for the next one', async () => {
  const { bucket, platform } = watchWorld({ transport: 'auto', serverUrl: ['http://one', 'http://two'] })
  bucket.watch()
  await settle()
  platform.sockets[0]?.open()
  platform.sockets[0]?.receive({ type: 'welcome', heartbeatMs: 15_000 })
  platform.sockets[0]?.receive({ type: 'goodbye', retryAfterMs: 500 })
  await platform.advance(1_500)
  expect(platform.sockets.map(({ url }) => url)).toEqual(['ws://one/api/v1/ws', 'ws://two/api/v1/ws'])
})

describe('over the socket that carries calls as well', () => {
  test('watches that are all refused are that, also while a call keeps the connection', async () => {
    const { bucket, client, platform } = watchWorld({ transport: 'websocket' })
    bucket.watch()
    client
      .config()
      .get('limits')
      .catch(() => undefined)
    await settle()
    const [socket] = platform.sockets
    socket?.open()
    socket?.receive({ type: 'welcome', heartbeatMs: 15_000 })
    socket?.receive({ type: 'error', sub: '1', code: 'unauthorized', detail: 'not with this key' })
    await settle()
    expect(socket?.isClosed).toBe(false)
    expect(client.status().state).toBe('unauthorized')
    await client.close()
    expect(platform.timers.size).toBe(0)
  })

  test.each([
    ['that may be another by now is tried with that one', () => 'ifkey_1', 3, 'closed'],
    ['that stays what it is is told so at once', 'ifkey_1', 1, 'unauthenticated'],
  ])('a call while a key is refused %s', async (_, apiKey, sockets, code) => {
    const { bucket, client, platform } = watchWorld({ transport: 'websocket', apiKey })
    bucket.watch()
    for (let tries = 0; tries < 2; tries++) {
      await platform.advance(0)
      platform.sockets[tries]?.end({ response: { status: 401, headers: new Headers(), text: '' } })
    }
    expect(client.status().state).toBe('unauthorized')
    const call = failure(client.config().get('limits'))
    await settle()
    expect(platform.sockets).toHaveLength(sockets)
    await client.close()
    expect(await call).toMatchObject({ code })
  })
})

describe('a listener of the status', () => {
  test('is called after each change, until it leaves', async () => {
    const { bucket, client, last, states } = watchWorld()
    const seen: string[] = []
    const leave = client.subscribeStatus(({ state }) => seen.push(state))
    const watcher = bucket.watch()
    const connection = await last()
    connection.openInSync()
    expect(seen).toEqual(['connecting', 'live'])
    leave()
    leave()
    watcher.stop()
    await settle()
    expect([seen.length, states()]).toEqual([2, ['connecting', 'live', 'idle']])
  })

  test('that throws is reported to onError, and does not keep others from being called', async () => {
    const { bucket, client, last, failures } = watchWorld()
    let calls = 0
    client.subscribeStatus(() => {
      throw new Error('oops')
    })
    client.subscribeStatus(() => calls++)
    bucket.watch()
    await last()
    expect(calls).toBe(1)
    expect(failures).toMatchObject([
      { error: { message: 'a callback threw: oops' }, context: { method: 'client.status' } },
    ])
  })
})
