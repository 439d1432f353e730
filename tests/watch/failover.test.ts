import { expect, it } from 'vitest'
import { tcpProxy } from '../support/tcp-proxy'
import { useWorld } from '../support/world'

const world = useWorld()

/** A client of two addresses, which notes where its calls went. */
async function twoAddresses(transport: 'auto' | 'sse' | 'poll') {
  const one = await tcpProxy(world.server.url)
  const two = await tcpProxy(world.server.url)
  const called: string[] = []
  const down = new Set<string>()
  const client = world.client({
    transport,
    serverUrl: [one.url, two.url],
    fetch: (input, init) => {
      const { origin, pathname } = new URL(String(input))
      if (pathname.startsWith('/api/v1/config')) {
        called.push(origin)
        if (down.has(origin)) throw new TypeError(`fetch failed: ${origin} is down`)
      }
      return fetch(input, init)
    },
  })
  await client.config().set('failover', { transport })
  called.length = 0
  const watcher = client.config().watch('failover')
  await watcher.ready
  return {
    one,
    two,
    called,
    down,
    client,
    watcher,
    async [Symbol.asyncDispose]() {
      await client.close()
      for (const proxy of [one, two]) await proxy[Symbol.asyncDispose]()
    },
  }
}

it.each(['auto', 'sse', 'poll'] as const)('a call goes where the watches have fled to (%s)', async (transport) => {
  await using world = await twoAddresses(transport)
  const { called, client, one, two, watcher } = world
  await one[Symbol.asyncDispose]()
  await expect.poll(() => [watcher.status.state, two.opened > 0]).toEqual(['live', true])
  await client.config().get('failover')
  expect(called).toEqual([two.url])
})

it.each(['auto', 'sse', 'poll'] as const)('the watches go where a call has fled to (%s)', async (transport) => {
  await using world = await twoAddresses(transport)
  const { called, client, down, one, two, watcher } = world
  down.add(one.url)
  await client.config().get('failover')
  expect(called).toEqual([one.url, two.url])
  const { opened } = one
  one.cut()
  await client.config().patch('failover', { seats: 5 })
  await expect.poll(() => [watcher.status.state, one.opened, two.open > 0]).toEqual(['live', opened, true])
})
