import { expect, it, vi } from 'vitest'
import { metricOf } from '../support/metric'
import { tcpProxy } from '../support/tcp-proxy'
import { useWorld } from '../support/world'

const WATCHES = 20

const world = useWorld()

it.each([
  ['websocket', 'websocket'],
  ['sse', 'sse'],
  ['poll', 'poll'],
  ['auto', 'websocket'],
] as const)(
  'all watches of a client share one connection, and leave the server with it (%s)',
  async (transport, kind) => {
    await using proxy = await tcpProxy(world.server.url)
    const client = world.client({ transport, serverUrl: proxy.url })
    const open = () => metricOf(world, 'ironflow_watchers', `transport="${kind}"`)
    const watchers = Array.from({ length: WATCHES }, (_, n) => client.kv().bucket(`shared-${n}`).watch())
    await Promise.all(watchers.map(({ ready }) => ready))
    expect(proxy.opened).toBe(1)
    // One long poll after the other: there may be none at the very moment.
    await vi.waitFor(async () => expect(await open()).toBe(WATCHES), { timeout: 5_000 })
    await client.close()
    await vi.waitFor(async () => expect(await open()).toBe(0), { timeout: 5_000 })
  },
)
