import type { KvBucket } from '@ironflow/node'
import { describe, expect, it, vi } from 'vitest'
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

/** Other programs on the machine may hold it up once; the slow reader would do so each time. */
const RETRIES = 2
let runs = 0

const world = useWorld()

/**
 * Writes each key again and again. Answers how long it took at most from a write until it was told: watchers are told
 * before the writer has its answer.
 */
async function write(bucket: KvBucket<Numbered>, first: number, toldAt: ReadonlyMap<number, number>): Promise<number> {
  const writtenAt = new Map<number, number>()
  for (let n = first; n < first + WRITES; n += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, offset) => n + offset)
    await Promise.all(
      batch.map(async (number) => {
        writtenAt.set(number, performance.now())
        await bucket.put(`k${number % KEYS}`, { n: number, filler: FILLER })
      }),
    )
  }
  const isTold = () => expect([...writtenAt.keys()].filter((n) => !toldAt.has(n))).toEqual([])
  await vi.waitFor(isTold, { timeout: 5_000 })
  return Math.max(...Array.from(writtenAt, ([n, at]) => (toldAt.get(n) as number) - at))
}

describe.each(['websocket', 'sse'] as const)('a watcher that stops reading, over %s,', (transport) => {
  it('costs little, holds up nobody, and has the newest state when it reads again (W24, W25)', {
    retry: RETRIES,
  }, async () => {
    runs++
    const name = `slow-${transport}-${runs}`
    await using proxy = await tcpProxy(world.server.url)
    const slow = new Map<string, unknown>()
    await world
      .client({ serverUrl: proxy.url, transport })
      .kv()
      .bucket<Numbered>(name)
      .watch({ onUpdate: ({ key, data }) => slow.set(key, data?.n) }).ready
    const toldAt = new Map<number, number>()
    const bucket = world.client().kv().bucket<Numbered>(name)
    await bucket.watch({ onUpdate: ({ data }) => toldAt.set(data?.n ?? -1, performance.now()) }).ready
    const residentBytes = () => metricOf(world, 'process_resident_memory_bytes')

    // The same before, so that what any server needs for so many writes is not counted.
    await write(bucket, 0, toldAt)
    const before = await residentBytes()
    const droppedBefore = await metricOf(world, 'ironflow_watch_dropped_total')
    proxy.pause()
    const slowestMs = await write(bucket, WRITES, toldAt)
    const grownMib = ((await residentBytes()) - before) / MIB
    expect(grownMib).toBeLessThan(32)
    expect(slowestMs).toBeLessThan(250)

    const newest = new Map<string, unknown>()
    for await (const { key, value } of bucket.entries()) newest.set(key, value.n)
    expect(newest.size).toBe(KEYS)
    expect(slow).not.toEqual(newest)
    proxy.resume()
    await vi.waitFor(() => expect(slow).toEqual(newest), { timeout: 10_000 })
    expect(await metricOf(world, 'ironflow_watch_dropped_total')).toBeGreaterThan(droppedBefore)
    // It never gave the connection up: what it has, it got as one that reads slowly.
    expect(proxy.opened).toBe(1)
  })
})
