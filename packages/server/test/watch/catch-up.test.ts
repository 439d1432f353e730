import { beforeEach, expect, test, vi } from 'vitest'
import type { ChangesQuery, EntriesQuery } from '../../src/engine/queries'
import { RecordingSink } from '../support/recording-sink'
import { WatchWorld } from './watch-world'

const BUCKET = 'APP_default_b'

/** A read of a page: what was asked for, and in which turn of the event loop. */
interface Read {
  readonly turn: number
  readonly bucket: string
  readonly query: EntriesQuery | ChangesQuery
}

let world: WatchWorld
let reads: Read[]
let turn: number
let isCounting: boolean

beforeEach(() => {
  world = new WatchWorld()
  // Not the variable: sessions of an earlier test may read still.
  const own: Read[] = []
  reads = own
  turn = 0
  const { entries, changesSince } = world.engine
  vi.spyOn(world.engine, 'entries').mockImplementation((bucket, query) => {
    own.push({ turn, bucket, query })
    return entries.call(world.engine, bucket, query)
  })
  vi.spyOn(world.engine, 'changesSince').mockImplementation((bucket, query) => {
    own.push({ turn, bucket, query })
    return changesSince.call(world.engine, bucket, query)
  })
  isCounting = true
  const count = () => {
    turn++
    if (isCounting) setImmediate(count)
  }
  count()
  return () => {
    isCounting = false
  }
})

async function fill(bucket: string, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await world.put(`${n % 7}.${n}`, n, bucket)
}

const untilSynced = (sink: RecordingSink, count = 1) =>
  vi.waitFor(() => expect(sink.frames.filter(({ type }) => type === 'synced')).toHaveLength(count), {
    timeout: 10_000,
    interval: 1,
  })

test('catch-up: a subscription with many filters reads the bucket once', async () => {
  await fill('b', 3_000)
  const filters = Array.from({ length: 64 }, (_, n) => `*.${n}`)
  const sink = await world.watch([{ id: 's', kind: 'kv', target: 'b', filters }])
  await untilSynced(sink)
  const listings = reads.filter(({ query }) => 'values' in query)
  expect(listings.length).toBeLessThan(10)
  expect(listings.map(({ query }) => 'filters' in query && query.filters)).toEqual(listings.map(() => filters))
  expect(sink.of('s').filter(({ type }) => type === 'kv_update')).toHaveLength(64)
})

test('catch-up: a turn of the event loop reads one page, of all sessions together', async () => {
  await fill('b', 2_500)
  const bucket = await world.engine.bucketInfo('APP_default_b')
  const cursor = `${bucket?.epoch}-${bucket?.createdRevision}-0`
  const sinks = [new RecordingSink(), new RecordingSink(), new RecordingSink()]
  const subscriptions = ['1', '2', '3'].map((id) => ({ id, kind: 'kv', target: 'b' }) as const)
  void world.watch(subscriptions, { sink: sinks[0] as RecordingSink })
  void world.watch(subscriptions, { sink: sinks[1] as RecordingSink })
  void world.watch(
    subscriptions.map((each) => ({ ...each, cursor })),
    { sink: sinks[2] as RecordingSink },
  )
  for (const sink of sinks) await untilSynced(sink, 3)
  const pages = reads.filter(({ query }) => query.limit > 1)
  expect(pages.length).toBeGreaterThan(30)
  expect(new Set(pages.map((each) => each.turn)).size).toBe(pages.length)
})

test('catch-up: a session with many subscriptions does not hold up another one (W25)', async () => {
  await fill('b', 50)
  await fill('c', 50)
  const crowd = Array.from({ length: 200 }, (_, n) => ({ id: `${n}`, kind: 'kv', target: 'b' }) as const)
  void world.watch(crowd)
  const sink = new RecordingSink()
  void world.watch([{ id: 's', kind: 'kv', target: 'c' }], { sink })
  await untilSynced(sink)
  expect(reads.filter(({ bucket }) => bucket === BUCKET).length).toBeLessThan(10)
})

test('catch-up: a page in memory has no more bytes than one large value needs', async () => {
  for (let n = 0; n < 5; n++) await world.put(`k${n}`, 'x'.repeat(900_000))
  const sink = await world.watch([{ id: 's', kind: 'kv', target: 'b' }])
  await untilSynced(sink)
  expect(reads.filter(({ query }) => 'values' in query)).toHaveLength(5)
})
