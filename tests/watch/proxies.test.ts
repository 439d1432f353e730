import { createServer } from 'node:net'
import type { ClientStatus } from '@ironflow/core'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { startServer } from '../../scripts/server-process.mjs'
import { httpProxy } from '../support/http-proxy'
import { nodeClient } from '../support/node-client'
import { useWorld } from '../support/world'

/** Longer than an attempt may take, and shorter than any wait before a WebSocket is tried again. */
const LONG_MS = 10_000
/** What those are shortened to. */
const SHORT_MS = 1_000

const world = useWorld()

/** A client to which five minutes are a second; `requested` has the addresses of its requests, which a WebSocket is not. */
function impatientClient(serverUrl: string, told: ClientStatus[], requested: string[] = []) {
  const recordingFetch: typeof fetch = (input, init) => {
    requested.push(String(input))
    return fetch(input, init)
  }
  return nodeClient(
    {
      serverUrl,
      apiKey: world.server.apiKey,
      retry: { maxDelayMs: 20 },
      fetch: recordingFetch,
      onStatus: (status) => told.push(status),
    },
    {
      setTimer(callback, ms) {
        const timer = setTimeout(callback, ms > LONG_MS ? SHORT_MS : ms)
        return () => clearTimeout(timer)
      },
    },
  )
}

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const holder = createServer()
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
  const { port } = holder.address() as { port: number }
  await new Promise((resolve) => holder.close(resolve))
  return port
}

describe('through a proxy', () => {
  it.concurrent.each([
    ['answers upgrades with 400', undefined, 'sse', 'the upgrade got a response of 400'],
    ['swallows event streams too', 'swallow', 'poll', 'nothing came on the event stream'],
    ['hands on only complete answers', 'buffer', 'poll', 'nothing came on the event stream'],
  ] as const)(
    'that %s, watches go another way, and come back to a WebSocket',
    async (name, answers, transport, why) => {
      await using proxy = await httpProxy(world.server.url, { upgradeStatus: 400, answers })
      const told: ClientStatus[] = []
      await using client = impatientClient(proxy.url, told)
      const bucket = world.client().kv().bucket('proxied')
      const key = name.replaceAll(' ', '-')
      await bucket.put(key, 1)
      const values: unknown[] = []
      await client
        .kv()
        .bucket('proxied')
        .watch({ onUpdate: ({ data }) => values.push(data) }, { key }).ready
      expect(client.status()).toMatchObject({ state: 'live', transport, transportReason: why })
      await bucket.put(key, 2)
      await vi.waitFor(() => expect(values).toEqual([1, 2]), { timeout: 5_000 })

      // Tried again in vain: back to what works, and nothing is lost.
      await vi.waitFor(() => expect(proxy.upgrades).toBeGreaterThan(1), { timeout: 5_000 })
      await bucket.put(key, 3)
      await vi.waitFor(() => expect(values).toEqual([1, 2, 3]), { timeout: 5_000 })
      expect(client.status()).toMatchObject({ transport })

      proxy.manners.upgradeStatus = undefined
      const isBack = () => expect(client.status()).toMatchObject({ state: 'live', transport: 'websocket' })
      await vi.waitFor(isBack, { timeout: 5_000 })
      expect(client.status().transportReason).toBeUndefined()
      await bucket.put(key, 4)
      await vi.waitFor(() => expect(values).toEqual([1, 2, 3, 4]), { timeout: 5_000 })
      expect(told.at(-1)).toMatchObject({ state: 'live', transport: 'websocket' })
    },
  )
})

describe('a server that is down', () => {
  it('does not change the transport, when connections are refused', async () => {
    const port = await freePort()
    const told: ClientStatus[] = []
    const requested: string[] = []
    await using client = impatientClient(`http://127.0.0.1:${port}`, told, requested)
    const watcher = client.kv().bucket('late').watch()
    await vi.waitFor(() => expect(told.length).toBeGreaterThan(20), { timeout: 5_000 })
    const server = await startServer({ args: ['--port', `${port}`, '--dev'] })
    onTestFinished(() => server.stop())
    await watcher.ready
    expect(client.status()).toMatchObject({ state: 'live', transport: 'websocket' })
    expect(new Set(told.map(({ transport }) => transport))).toEqual(new Set(['websocket']))
    expect(told.filter(({ transportReason }) => transportReason !== undefined)).toEqual([])
    // The status has what worked; that another one is tried shows only in its requests.
    expect(requested).toEqual([])
  })

  it('does not change it either, when a proxy answers for it', async () => {
    const port = await freePort()
    await using proxy = await httpProxy(`http://127.0.0.1:${port}`, {})
    const told: ClientStatus[] = []
    await using client = impatientClient(proxy.url, told)
    const watcher = client.kv().bucket('late').watch()
    await vi.waitFor(() => expect(proxy.upgrades).toBeGreaterThan(10), { timeout: 5_000 })
    expect(new Set(told.map(({ transport }) => transport))).toEqual(new Set(['websocket']))
    const server = await startServer({ args: ['--port', `${port}`, '--dev'] })
    onTestFinished(() => server.stop())
    await watcher.ready
    // It may have come up between the attempt with a WebSocket and the other one: then a WebSocket is soon tried again.
    const isBack = () => expect(client.status()).toMatchObject({ state: 'live', transport: 'websocket' })
    await vi.waitFor(isBack, { timeout: 20_000 })
  })
})
