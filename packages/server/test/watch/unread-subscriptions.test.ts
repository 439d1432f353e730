import type { Subscription } from '@ironflow/core/protocol'
import { expect, test, vi } from 'vitest'
import { RecordingSink, settle } from '../support/recording-sink'
import { WatchWorld } from './watch-world'

const COUNT = 50
const VALUE = 'x'.repeat(100_000)

const subscriptions = (about: (n: number) => Partial<Subscription> = () => ({})): Subscription[] =>
  Array.from({ length: COUNT }, (_, n) => ({ id: `${n}`, kind: 'kv', target: 'b', ...about(n) }) as const)

/** A sink that takes a frame with a value, and then nothing until the test lets it. */
const oneFrameSink = () => new RecordingSink('in-process', VALUE.length)

const synced = (sink: RecordingSink) => sink.frames.filter(({ type }) => type === 'synced').length

async function takeUntil(sink: RecordingSink, isDone: () => boolean, onTake = () => {}): Promise<void> {
  for (let turn = 0; turn < 2_000 && !isDone(); turn++) {
    sink.take()
    await settle()
    onTake()
  }
  expect(isDone()).toBe(true)
}

test('a connection that takes nothing has no page read, however many subscriptions it carries', async () => {
  const world = new WatchWorld()
  for (let n = 0; n < 4; n++) await world.put(`k${n}`, VALUE)
  const entries = vi.spyOn(world.engine, 'entries')
  const sink = oneFrameSink()
  sink.pending = VALUE.length
  await world.watch(subscriptions(), { sink })
  expect(entries).toHaveBeenCalledTimes(0)
  sink.take()
  await settle()
  expect(entries).toHaveBeenCalledTimes(1)
  await takeUntil(sink, () => synced(sink) === COUNT)
})

test('a connection that takes more is sent one page, not one of each subscription', async () => {
  const world = new WatchWorld()
  for (let n = 0; n < 4; n++) await world.put(`k${n}`, VALUE)
  const sink = oneFrameSink()
  await world.watch(subscriptions(), { sink })
  let most = 0
  await takeUntil(
    sink,
    () => synced(sink) === COUNT,
    () => {
      most = Math.max(most, sink.pending)
    },
  )
  // A page ends with the value that fills its 256 KiB.
  expect(most).toBeLessThan(4 * VALUE.length)
  for (const { id } of subscriptions()) expect(sink.types(id).filter((type) => type === 'kv_update')).toHaveLength(4)
})

test('subscriptions that were ended before their turn are not read for', async () => {
  const world = new WatchWorld()
  await world.put('k', VALUE)
  const entries = vi.spyOn(world.engine, 'entries')
  const sink = oneFrameSink()
  sink.pending = VALUE.length
  await world.watch(subscriptions(), { sink })
  for (const { id } of subscriptions().slice(1)) sink.session?.unsubscribe(id)
  await takeUntil(sink, () => synced(sink) === 1)
  expect(entries).toHaveBeenCalledTimes(1)
})

test('changes that wait have room for a connection as a whole; what does not fit is read from the store (W24)', async () => {
  const world = new WatchWorld({ limits: { watchQueueBytes: 10.5 * VALUE.length } })
  await world.put('other', 1)
  const sink = oneFrameSink()
  await world.watch(
    subscriptions((n) => ({ filters: [`k${n}`], updatesOnly: true })),
    { sink },
  )
  await vi.waitFor(() => expect(synced(sink)).toBe(COUNT))
  sink.pending = VALUE.length
  for (let n = 0; n < COUNT; n++) await world.put(`k${n}`, VALUE + n)
  const changesSince = vi.spyOn(world.engine, 'changesSince')
  await takeUntil(sink, () => subscriptions().every(({ id }) => sink.types(id).includes('kv_update')))
  // Of all COUNT changes, ten wait in memory.
  expect(changesSince.mock.calls.length).toBeGreaterThanOrEqual(COUNT - 10)
  for (let n = 0; n < COUNT; n++) {
    expect(sink.of(`${n}`).slice(1)).toMatchObject([{ type: 'kv_update', key: `k${n}`, value: VALUE + n }])
  }
})
