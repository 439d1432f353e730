import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { settle } from '../fake-platform'
import { synced, watchWorld } from './world'

/** Collects everything that nothing refers to. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  // References of a turn live as long as the turn.
  for (let round = 0; round < 3; round++) {
    await settle()
    gc()
  }
}

test('a live value that is neither in use nor held is forgotten, one that is in use is not', async () => {
  const { client, last, platform } = watchWorld()
  const held = new WeakRef(client.config().live('limits'))
  const used = new WeakRef(client.config().live('theme'))
  const leave = client.config().live('theme').subscribe()
  held.deref()?.getSnapshot()
  const connection = await last()
  connection.open()
  connection.receive(synced(1, '1'), synced(1, '2'))
  await collectGarbage()
  expect([held.deref() === undefined, used.deref()?.status.state]).toEqual([false, 'live'])
  await platform.advance(10_000)
  await collectGarbage()
  expect([held.deref(), used.deref()?.status.state]).toEqual([undefined, 'live'])
  leave()
})
