import type { IronflowClient, KvBucket } from '@ironflow/node'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { seededRandom } from '../support/random'
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy'
import { WatchLog } from '../support/watch-log'
import { useWorld } from '../support/world'

const WRITES = 5_000
const CUTS = 200
const BATCH = 50
/** So few that what they hold passes now and then: the answer to a poll has to come whole. */
const KEYS = 40
/** How long the writer waits for the cuts of a batch, in milliseconds: they are to happen while it writes. */
const BATCH_PATIENCE_MS = 100

const world = useWorld()
const random = seededRandom(20_240_517)

/** One client behind a proxy of its own, with two watches: of all keys from the start, of some from later on. */
interface Witness {
  proxy: TcpProxy
  all: WatchLog
  some: WatchLog
  startLate(): void
}

async function witness(transport: 'websocket' | 'sse' | 'poll'): Promise<Witness> {
  // From within the head of an answer to several of them: most cuts come soon, and some let a lot pass.
  const proxy = await tcpProxy(world.server.url, {
    cutAfter: () => Math.floor(60 * 2 ** (9.5 * random())),
    isReset: () => random() < 0.5,
  })
  afterAll(() => proxy[Symbol.asyncDispose]())
  const client: IronflowClient = world.client({
    transport,
    serverUrl: proxy.url,
    fetch: globalThis.fetch,
    retry: { maxDelayMs: 20 },
  })
  const [all, some] = [new WatchLog(), new WatchLog()]
  const bucket = client.kv().bucket('cut')
  proxy.isCutting = false
  await bucket.watch(all).ready
  proxy.isCutting = true
  return { proxy, all, some, startLate: () => void bucket.watch(some, { key: 'some.>' }) }
}

/** Writes that are as random as the cuts; one in eight takes something away. */
async function write(bucket: KvBucket<unknown>, n: number): Promise<void> {
  const index = Math.floor(random() * KEYS)
  const key = `${index % 4 === 0 ? 'some' : 'other'}.${index}`
  const what = random()
  if (what < 0.1) await bucket.delete(key)
  else if (what < 0.125) await bucket.purge(key)
  else await bucket.put(key, { n, filler: 'x'.repeat(Math.floor(random() * 200)) })
}

describe('watches whose connections are cut at random bytes', () => {
  it('end in the state of the store, and tell nothing twice and nothing backwards (W5, W6)', async () => {
    const bucket = world.client().kv().bucket('cut')
    const witnesses = { websocket: await witness('websocket'), sse: await witness('sse'), poll: await witness('poll') }
    const proxies = Object.values(witnesses).map(({ proxy }) => proxy)

    for (let n = 0; n < WRITES || proxies.some(({ cuts }) => cuts < CUTS); n += BATCH) {
      await Promise.all(Array.from({ length: BATCH }, (_, offset) => write(bucket, n + offset)))
      // It begins in the middle, with all there is. Current values that are cut are for the fold properties to try.
      if (n === WRITES / 4) for (const { startLate } of Object.values(witnesses)) startLate()
      const wanted = Math.ceil((CUTS * (n + BATCH)) / WRITES)
      const deadline = Date.now() + BATCH_PATIENCE_MS
      while (proxies.some(({ cuts }) => cuts < wanted) && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    }
    const cuts = Object.fromEntries(Object.entries(witnesses).map(([kind, { proxy }]) => [kind, proxy.cuts]))
    // Not only at the end, when nothing is cut any more.
    for (const { all } of Object.values(witnesses)) expect(all.count).toBeGreaterThan(5 * KEYS)
    for (const proxy of proxies) proxy.isCutting = false
    const store = new Map<string, unknown>()
    for await (const { key, value } of bucket.entries()) store.set(key, value)
    const some = new Map([...store].filter(([key]) => key.startsWith('some.')))
    expect(some.size).toBeGreaterThan(5)

    for (const [kind, seen] of Object.entries(witnesses)) {
      await vi.waitFor(() => expect(seen.all.state, kind).toEqual(store), { timeout: 10_000, interval: 100 })
      await vi.waitFor(() => expect(seen.some.state, kind).toEqual(some), { timeout: 10_000, interval: 100 })
      for (const { duplicates, backwards } of [seen.all, seen.some]) {
        expect(duplicates, kind).toEqual([])
        expect(backwards, kind).toEqual([])
      }
      expect(cuts[kind], kind).toBeGreaterThanOrEqual(CUTS)
    }
  }, 60_000)
})
