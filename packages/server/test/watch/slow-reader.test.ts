import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { RecordingSink, settle } from '../support/recording-sink'
import { WatchWorld } from './watch-world'

const KV = { id: 's', kind: 'kv', target: 'b' } as const

/** What was sent of each key last. */
const newest = (sink: RecordingSink) =>
  Object.fromEntries(sink.of('s').flatMap((frame) => ('key' in frame ? [[frame.key, frame.value]] : [])))

/** A sink that takes nothing once it has got what there was. */
async function stuck(world: WatchWorld): Promise<RecordingSink> {
  await world.put('k.0', -1)
  const sink = await world.watch([KV])
  sink.capacity = 1
  sink.pending = 1
  sink.frames.length = 0
  return sink
}

const takeAll = async (sink: RecordingSink) => {
  for (let turn = 0; turn < 2_000; turn++) {
    sink.take()
    await settle()
    if (sink.pending === 0) return
  }
  throw new Error('there is always more')
}

test('loses what was in between, and never the last one (W7, W24)', async () => {
  const world = new WatchWorld()
  const sink = await stuck(world)
  for (let n = 0; n < 100; n++) await world.put(`k.${n % 3}`, n)
  expect(sink.frames).toEqual([])
  await takeAll(sink)
  expect(sink.types('s')).toHaveLength(3)
  expect(newest(sink)).toEqual({ 'k.0': 99, 'k.1': 97, 'k.2': 98 })
  expect(world.stats.dropped).toBe(97)
})

test('revisions come in order, and each cursor is good to come back with (W4, W8)', async () => {
  const world = new WatchWorld()
  const sink = await stuck(world)
  for (let n = 0; n < 50; n++) await world.put(`k.${(n * 7) % 10}`, n)
  const seen: Record<string, unknown> = {}
  for (let taken = 0; taken < 5; taken++) {
    sink.take()
    await settle()
  }
  Object.assign(seen, newest(sink))
  const revisions = sink.of('s').map((frame) => ('revision' in frame ? (frame.revision ?? 0) : 0))
  expect(revisions).toEqual([...revisions].sort((a, b) => a - b))
  const again = await world.watch([{ ...KV, cursor: sink.last('kv_update').cursor }])
  Object.assign(seen, newest(again))
  for (let n = 40; n < 50; n++) expect(seen[`k.${(n * 7) % 10}`]).toBe(n)
})

test('the bookmark of one who waits does not run ahead of what was sent, nor fall behind it (W10)', async () => {
  const world = new WatchWorld()
  await world.put('other', 0)
  const sink = await world.watch([{ ...KV, filters: ['mine'] }])
  for (let n = 0; n < 20; n++) await world.put('other', n)
  const before = sink.session?.cursors().s
  sink.capacity = 1
  sink.pending = 1
  await world.put('mine', 1)
  await world.put('other', 99)
  expect(sink.session?.cursors().s?.split('-')[1]).toBe(before?.split('-')[1])
  sink.take()
  expect(newest(sink)).toEqual({ mine: 1 })
})

test.each([
  ['keys', { watchQueueKeys: 10 }, 'x'],
  ['bytes', { watchQueueBytes: 50_000 }, 'x'.repeat(10_000)],
])('with more %s than the queue may hold, the rest is read from the store (W24)', async (_, limits, value) => {
  const world = new WatchWorld({ limits })
  const sink = await stuck(world)
  let peak = 0
  for (let n = 0; n < 200; n++) {
    await world.put(`k.${n}`, value + n)
    peak = Math.max(peak, sink.texts.length)
  }
  await world.delete('k.5')
  expect(sink.frames).toEqual([])
  await takeAll(sink)
  const state = newest(sink)
  expect(Object.keys(state)).toHaveLength(200)
  expect(state['k.5']).toBeUndefined()
  expect(state['k.199']).toBe(`${value}199`)
  await world.put('after', 1)
  await takeAll(sink)
  expect(newest(sink).after).toBe(1)
})

test('while it takes nothing, 50 MB of changes leave little in memory (W24)', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const world = new WatchWorld()
  const sink = await stuck(world)
  const used = () => {
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = used()
  for (let n = 0; n < 50; n++) {
    await world.put(`k.${n}`, 'x'.repeat(990_000) + n)
    await world.delete(`k.${n - 1}`)
  }
  expect(used() - before).toBeLessThan(8_000_000)
  await takeAll(sink)
  expect(Object.keys(newest(sink))).toHaveLength(50)
  expect(sink.of('s').at(-1)).toMatchObject({ operation: 'delete' })
  expect(newest(sink)['k.49']).toHaveLength(990_002)
})

test('heartbeats do not pile up (W24)', async () => {
  const world = new WatchWorld()
  const sink = await stuck(world)
  for (let n = 0; n < 10; n++) sink.session?.beat()
  expect(sink.frames).toEqual([])
})

test('one subscription that waits does not keep the others of its connection waiting (W25)', async () => {
  const world = new WatchWorld()
  for (let n = 0; n < 100; n++) await world.put(`k.${n}`, n)
  for (let n = 0; n < 100; n++) await world.put(`k.${n}`, n, 'c')
  const sink = new RecordingSink('in-process', 1)
  await world.watch([KV, { ...KV, id: 't', target: 'c' }], { sink })
  for (let turn = 0; turn < 20; turn++) {
    sink.take()
    await settle()
  }
  const [first, second] = [sink.of('s').length, sink.of('t').length]
  expect(Math.abs(first - second)).toBeLessThanOrEqual(2)
})
