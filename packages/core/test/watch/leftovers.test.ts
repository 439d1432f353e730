import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { settle } from '../fake-platform'
import { FakeConnection, synced, watchWorld } from './world'

const TIMES = 10_000

/** What an object holds, itself and all that hangs off it: the sizes of collections, by the way that leads there. */
function sizes(root: object, seen = new Set<object>(), way = ''): Record<string, number> {
  if (seen.has(root) || root instanceof FakeConnection) return {}
  seen.add(root)
  const own = root instanceof Map || root instanceof Set ? { [way]: root.size } : {}
  const below = Object.entries(root).filter((entry): entry is [string, object] => {
    return typeof entry[1] === 'object' && entry[1] !== null
  })
  return Object.assign(own, ...below.map(([name, held]) => sizes(held, seen, `${way}.${name}`)))
}

test('ten thousand watches that were started and stopped leave nothing behind', async () => {
  const { bucket, client, last, platform, transport } = watchWorld()
  const { signal } = new AbortController()
  const staying = bucket.watch()
  const connection = await last()
  connection.openInSync()
  await settle()
  const before = { sizes: sizes(client), timers: platform.timers.size }
  for (let i = 0; i < TIMES; i++) {
    const watcher = bucket.watch({ onUpdate: () => undefined }, { signal })
    // Some are in sync when they are stopped, some are refused, most are neither.
    if (i % 100 === 0) {
      await settle()
      const { id } = connection.sent.at(-1) as { id: string }
      connection.receive(i % 200 === 0 ? synced(1, id) : { type: 'error', sub: id, code: 'unauthorized', detail: 'no' })
    }
    watcher.stop()
  }
  await settle()
  expect(sizes(client)).toEqual(before.sizes)
  expect(platform.timers.size).toBe(before.timers)
  expect(platform.lifecycleListeners.size).toBe(1)
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  expect(transport.open).toHaveLength(1)

  staying.stop()
  await settle()
  expect(platform.timers.size).toBe(0)
  expect(platform.lifecycleListeners.size).toBe(0)
  expect(transport.open).toHaveLength(0)
})

test('ten thousand watches that an abort stops at once leave nothing behind', async () => {
  const { bucket, last, platform, transport } = watchWorld()
  const controller = new AbortController()
  for (let i = 0; i < TIMES; i++) bucket.watch({}, { signal: controller.signal })
  // More than ten of one signal, and Node.js warns of a leak.
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
  ;(await last()).openInSync()
  controller.abort()
  await settle()
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  expect(platform.timers.size).toBe(0)
  expect(platform.lifecycleListeners.size).toBe(0)
  expect(transport.open).toHaveLength(0)
}, 20_000)
