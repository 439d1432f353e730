import { describe, expect, test } from 'vitest'
import { failure } from '../fake-transport'
import { changed, cursor, synced, value, watchWorld } from './world'

async function watched() {
  const world = watchWorld()
  const seen: number[] = []
  const watcher = world.bucket.watch({ onUpdate: ({ revision }) => seen.push(revision) })
  const connection = await world.last()
  connection.open()
  return { ...world, watcher, connection, seen }
}

/** Whether the promise has resolved, once everything that can run has run. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  let settled = false
  promise.then(() => {
    settled = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  return settled
}

describe('reached', () => {
  test('resolves when the change of that revision was delivered', async () => {
    const { watcher, connection, seen } = await watched()
    connection.receive(synced(1))
    const reached = watcher.reached({ revision: 3, epoch: 'e' }).then(() => [...seen])
    connection.receive(changed('a', 2))
    expect(await isSettled(reached.then(() => undefined))).toBe(false)
    connection.receive(changed('a', 3))
    expect(await reached).toEqual([2, 3])
  })

  test('resolves at once where it has been delivered before', async () => {
    const { watcher, connection } = await watched()
    connection.receive(value('a', 5), synced(7))
    await watcher.reached(5)
    await watcher.reached(7)
    await watcher.reached({ revision: 7, epoch: 'e' })
  })

  test('waits for the rest of the current values', async () => {
    const { watcher, connection } = await watched()
    connection.receive(value('a', 5))
    const reached = watcher.reached(5)
    expect(await isSettled(reached)).toBe(false)
    connection.receive(synced(5))
    await reached
  })

  test('resolves at a heartbeat, where nothing that is watched was written', async () => {
    const { watcher, connection } = await watched()
    connection.receive(synced(1))
    const reached = watcher.reached(4)
    connection.receive({ type: 'heartbeat', cursors: { 1: cursor(4) } })
    await reached
  })

  test('does not compare positions of two lives of a bucket', async () => {
    const { watcher, connection } = await watched()
    connection.receive(synced(9))
    const reached = watcher.reached({ revision: 2, epoch: 'f' })
    expect(await isSettled(reached)).toBe(false)
    connection.receive({ type: 'reset', sub: '1', reason: 'epoch_changed' })
    connection.receive({ type: 'synced', sub: '1', cursor: cursor(2, 'f') })
    await reached
  })

  test("rejects when the time is up, by default the client's", async () => {
    const { watcher, platform } = await watched()
    const error = await failure(platform.run(watcher.reached(1, { timeoutMs: 50 })))
    expect(error).toMatchObject({
      code: 'timeout',
      message: 'kv.watch up to revision 1 took longer than timeoutMs (50 ms)',
    })
    expect(platform.elapsed).toBe(50)
  })

  test('rejects when it is aborted, and when the watch ends', async () => {
    const { watcher } = await watched()
    expect(await failure(watcher.reached(1, { signal: AbortSignal.abort('no') }))).toMatchObject({
      code: 'aborted',
      cause: 'no',
    })
    const reached = watcher.reached(1)
    watcher.stop()
    expect(await failure(reached)).toMatchObject({ code: 'closed', method: 'kv.watch' })
    expect(await failure(watcher.reached(1))).toMatchObject({ code: 'closed' })
  })

  test('leaves no timer', async () => {
    const { watcher, connection, platform, client } = await watched()
    connection.receive(synced(1))
    await watcher.reached(1)
    await client.close()
    expect(platform.timers.size).toBe(0)
  })
})
