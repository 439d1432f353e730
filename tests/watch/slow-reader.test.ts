import { expect, it, vi } from 'vitest'
import { metricOf } from '../support/metric'
import { tcpProxy } from '../support/tcp-proxy'
import { useWorld } from '../support/world'

interface Numbered {
  readonly n: number
  readonly filler: string
}

const MIB = 1_048_576
const FILLER = 'x'.repeat(50_000)
const KEYS = 50
/** Writes that are under way at once. */
const BATCH = 10
/** Fifty million bytes. */
const WRITES = 1_000

const world = useWorld()

/** Writes each key again and again. Answers how long it took at most from the answer to a write until it was told. */
async function write(first: number, toldAt: ReadonlyMap<number, number>): Promise<number> {
  const bucket = world.client().kv().bucket<Numbered>('slow')
  const writtenAt = new Map<number, number>()
  for (let n = first; n < first + WRITES; n += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, offset) => n + offset)
    await Promise.all(
      batch.map(async (number) => {
        await bucket.put(`k${number % KEYS}`, { n: number, filler: FILLER })
        writtenAt.set(number, performance.now())
      }),
    )
  }
  const isTold = () => expect([...writtenAt.keys()].filter((n) => !toldAt.has(n))).toEqual([])
  await vi.waitFor(isTold, { timeout: 5_000 })
  return Math.max(...Array.from(writtenAt, ([n, at]) => (toldAt.get(n) as number) - at))
}

it('a watcher that stops reading costs little, holds up nobody, and has the newest state when it reads again', async () => {
  await using proxy = await tcpProxy(world.server.url)
  const slow = new Map<string, unknown>()
  await world
    .client({ serverUrl: proxy.url, transport: 'websocket' })
    .kv()
    .bucket<Numbered>('slow')
    .watch({ onUpdate: ({ key, data }) => slow.set(key, data?.n) }).ready
  const toldAt = new Map<number, number>()
  const bucket = world.client().kv().bucket<Numbered>('slow')
  await bucket.watch({ onUpdate: ({ data }) => toldAt.set(data?.n ?? -1, performance.now()) }).ready
  const residentBytes = () => metricOf(world, 'process_resident_memory_bytes')

  // The same before, so that what any server needs for so many writes is not counted.
  await write(0, toldAt)
  const before = await residentBytes()
  proxy.pause()
  const slowestMs = await write(WRITES, toldAt)
  const grownMib = ((await residentBytes()) - before) / MIB
  expect(grownMib).toBeLessThan(32)
  expect(slowestMs).toBeLessThan(250)

  const newest = new Map<string, unknown>()
  for await (const { key, value } of bucket.entries()) newest.set(key, value.n)
  expect(newest.size).toBe(KEYS)
  expect(slow).not.toEqual(newest)
  proxy.resume()
  await vi.waitFor(() => expect(slow).toEqual(newest), { timeout: 10_000 })
  expect(await metricOf(world, 'ironflow_watch_dropped_total')).toBeGreaterThan(0)
})
