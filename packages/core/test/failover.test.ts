import { describe, expect, test } from 'vitest'
import { Client } from '../src/client'
import type { SocketEnd } from '../src/platform'
import { FakePlatform, settle } from './fake-platform'
import { failure } from './fake-transport'
import { welcome } from './watch/world'

const REFUSED: SocketEnd = { error: new Error('connect ECONNREFUSED'), code: 1006 }
const unavailable = (retryAfter = '0'): SocketEnd => ({
  response: { status: 503, headers: new Headers({ 'retry-after': retryAfter }), text: '' },
})
const DOCUMENT = { name: 'limits', data: {}, revision: 1, epoch: 'e', updatedAt: '2026-01-01T00:00:00.000Z' }

/** A client of two servers that watches, and servers that are down as a test says. */
async function twoServers() {
  const platform = new FakePlatform()
  const down = new Set<string>()
  const statuses = new Map<string, number>()
  const called: string[] = []
  const endpoints: string[] = []
  platform.fetch = async (input) => {
    const { hostname } = new URL(String(input))
    called.push(hostname)
    if (down.has(hostname)) throw new TypeError(`connect ECONNREFUSED ${hostname}`)
    return Response.json(DOCUMENT, { status: statuses.get(hostname) ?? 200 })
  }
  const client = new Client(
    {
      serverUrl: ['http://one', 'http://two'],
      retry: { maxAttempts: 2 },
      onError: (_, { endpoint }) => endpoints.push(endpoint),
    },
    platform,
  )
  client.config().watch('limits')
  await settle()
  const socket = () => {
    const newest = platform.sockets.at(-1)
    if (!newest) throw new Error('there was no socket yet')
    return newest
  }
  return {
    platform,
    client,
    down,
    statuses,
    called,
    endpoints,
    socket,
    /** The servers of all WebSockets so far. */
    connected: () => platform.sockets.map(({ url }) => new URL(url).hostname),
    open: async () => {
      socket().open()
      socket().receive(welcome())
      await settle()
    },
    call: () => platform.run(client.config().get('limits')),
  }
}

describe('the calls and watches of one client fail over together', () => {
  test('a call goes where a watch has moved on to', async () => {
    const { called, call, connected, platform, socket } = await twoServers()
    socket().end(REFUSED)
    await call()
    expect(called).toEqual(['two'])
    await platform.advance(2_000)
    expect(connected()).toEqual(['one', 'two'])
  })

  test('a watch goes where a call has moved on to, and its own failure at the first server leads no further', async () => {
    const { called, call, connected, down, open, platform, socket } = await twoServers()
    await open()
    down.add('one')
    await call()
    expect(called).toEqual(['one', 'two'])
    expect(connected()).toEqual(['one'])
    socket().end(REFUSED)
    await platform.advance(2_000)
    expect(connected()).toEqual(['one', 'two'])
    await call()
    expect(called).toEqual(['one', 'two', 'two'])
  })

  test('a watch that waits connects to the server at which a call succeeds', async () => {
    const { call, connected, down, platform, socket } = await twoServers()
    down.add('two')
    socket().end(REFUSED)
    await platform.advance(2_000)
    socket().end(REFUSED)
    await platform.advance(2_000)
    socket().end(REFUSED)
    expect(connected()).toEqual(['one', 'two', 'one'])
    // That leads to the second server, where the call fails, and from there to the first one.
    platform.jump(5_000)
    await call()
    await settle()
    expect(connected()).toEqual(['one', 'two', 'one', 'one'])
  })

  test('a server that says it goes away is left by both', async () => {
    const { called, call, connected, open, platform, socket } = await twoServers()
    await open()
    socket().receive({ type: 'goodbye', retryAfterMs: 0 })
    await call()
    await platform.advance(2_000)
    expect([called, connected()]).toEqual([['two'], ['one', 'two']])
  })

  test('a server that goes silent is left by both', async () => {
    const { called, call, open, platform } = await twoServers()
    await open()
    await platform.advance(45_000)
    await call()
    expect(called).toEqual(['two'])
  })

  test('a connection that was made before a call moved on does not move on itself when it goes silent', async () => {
    const { called, call, down, open, platform } = await twoServers()
    await open()
    down.add('one')
    await call()
    await platform.advance(45_000)
    await call()
    expect(called).toEqual(['one', 'two', 'two'])
  })
})

describe("a server's wish to be left alone", () => {
  test('is about that server: a watch waits for it also where a call leads back there', async () => {
    const { call, connected, down, platform, socket, statuses } = await twoServers()
    platform.chance = 0.9
    socket().end(unavailable('30'))
    // The wait is for the second server; the call moves on to the first one, where it fails, too.
    down.add('two')
    statuses.set('one', 500)
    expect(await failure(call())).toMatchObject({ status: 500 })
    await platform.advance(29_000)
    expect(connected()).toEqual(['one'])
    await platform.advance(2_000)
    expect(connected()).toEqual(['one', 'one'])
  })

  test('is heard also where a call moves on to that server while the watch waits for the other one', async () => {
    const { call, connected, down, platform, socket, statuses } = await twoServers()
    socket().end(unavailable('10'))
    await platform.advance(1_000)
    socket().end(unavailable('40'))
    // Begins anew: what it waits for now is the first server.
    platform.signal({ type: 'pause', reason: 'hidden' })
    platform.signal({ type: 'resume', reason: 'hidden' })
    down.add('one')
    statuses.set('two', 500)
    expect(await failure(call())).toMatchObject({ status: 500 })
    await platform.advance(39_000)
    expect(connected()).toEqual(['one', 'two'])
    await platform.advance(2_000)
    expect(connected()).toEqual(['one', 'two', 'two'])
  })
})

test('a failure is reported with the server that it was made at', async () => {
  const { endpoints, platform, socket } = await twoServers()
  socket().end(REFUSED)
  await platform.advance(2_000)
  socket().end(REFUSED)
  expect(endpoints).toEqual(['http://two/api/v1/ws'])
})
