import { copyFile, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import type { Engine } from '../../../src/engine/engine'
import { backup, restore } from '../../../src/engine/sqlite/backup'
import { openForTest, openIn, temporaryDirectory, text } from './store-directory'

const FILES = ['ironflow.db', 'ironflow.db-wal', 'ironflow.mark', 'store.json']

interface Crashed {
  directory: string
  epoch: string
  /** The newest revision that was acknowledged. */
  revision: number
  path(file: string): string
}

/** A directory as kill -9 leaves it: ten values in the database, then ten in its log only. */
async function crashed(): Promise<Crashed> {
  const [running, directory] = [await temporaryDirectory(), await temporaryDirectory()]
  const first = await openIn(running)
  for (let n = 0; n < 10; n++) await first.put('b', `early${n}`, text('x'.repeat(1_000)))
  await first.close()
  const engine = await openForTest(running)
  let revision = 0
  for (let n = 0; n < 10; n++) revision = (await engine.put('b', `late${n}`, text('y'.repeat(1_000)))).revision
  // The mark is written after its batch was reported, so before the next one is.
  await engine.delete('b', 'none')
  for (const name of FILES) await copyFile(join(running, name), join(directory, name))
  return { directory, epoch: await storeEpoch(engine), revision, path: (file) => join(directory, file) }
}

/** The epoch of the store, which that of each bucket begins with. */
async function storeEpoch(engine: Engine): Promise<string> {
  return ((await engine.bucketInfo('b'))?.epoch ?? '').replace(/r\d+$/, '')
}

async function revisionOf(engine: Engine): Promise<number> {
  return (await engine.entries('b', { limit: 1, values: false })).position.revision
}

/** What is in each file; an empty log and none are the same. */
async function contents({ path }: Crashed): Promise<string[]> {
  return Promise.all(FILES.map((name) => readFile(path(name), 'latin1').catch(() => '')))
}

async function expectRefusal(store: Crashed, missing: RegExp): Promise<void> {
  const before = await contents(store)
  const message = expect.stringMatching(new RegExp(`${missing.source} revisions.* are gone.*--accept-data-loss`))
  await expect(openIn(store.directory)).rejects.toMatchObject({ code: 'unavailable', retryable: false, message })
  expect(await contents(store)).toEqual(before)
}

it('after a crash that lost nothing the store opens in the same epoch', async () => {
  const { directory, epoch, revision } = await crashed()
  const onDataLoss = vi.fn()
  const engine = await openForTest(directory, { onDataLoss })
  expect(await storeEpoch(engine)).toBe(epoch)
  expect(await revisionOf(engine)).toBe(revision)
  expect(onDataLoss).not.toHaveBeenCalled()
})

it('a store whose log is missing is refused, and left as it is', async () => {
  const store = await crashed()
  await rm(store.path('ironflow.db-wal'))
  await expectRefusal(store, /: 10/)
})

it('a store whose log is empty is refused, too', async () => {
  const store = await crashed()
  await truncate(store.path('ironflow.db-wal'), 0)
  await expectRefusal(store, /: 10/)
})

it('a store whose log is cut off is refused, and the rest of the log is kept', async () => {
  const store = await crashed()
  const { length } = await readFile(store.path('ironflow.db-wal'))
  await truncate(store.path('ironflow.db-wal'), Math.floor(length / 2))
  await expectRefusal(store, /: [1-9]/)
})

it('a store whose log is damaged in the middle is refused, and the log is kept', async () => {
  const store = await crashed()
  const file = await open(store.path('ironflow.db-wal'), 'r+')
  await file.write(Buffer.alloc(16, 0xa5), 0, 16, Math.floor((await file.stat()).size / 2))
  await file.close()
  await expectRefusal(store, /: [1-9]/)
})

it('a store whose database is an older copy of itself is refused', async () => {
  const store = await crashed()
  const old = await readFile(store.path('ironflow.db'))
  await (await openIn(store.directory)).close()
  await writeFile(store.path('ironflow.db'), old)
  await expectRefusal(store, /: 10/)
})

it('a store that has no mark opens, and has one from then on', async () => {
  const { directory, path, revision } = await crashed()
  await rm(path('ironflow.mark'))
  const engine = await openForTest(directory)
  expect(await revisionOf(engine)).toBe(revision)
  expect(await readFile(path('ironflow.mark'), 'latin1')).toMatch(
    new RegExp(`^${revision} ${await storeEpoch(engine)} `),
  )
})

it('what is left opens where its user accepts the loss: in another epoch, and with no revision used twice', async () => {
  const { directory, epoch, revision, path } = await crashed()
  await rm(path('ironflow.db-wal'))
  const onDataLoss = vi.fn()
  const engine = await openIn(directory, { onDataLoss })
  expect(onDataLoss).toHaveBeenCalledExactlyOnceWith(10)
  expect(await storeEpoch(engine)).not.toBe(epoch)
  expect(await engine.get('b', 'early9')).toMatchObject({ value: text('x'.repeat(1_000)) })
  expect(await engine.get('b', 'late0')).toBeUndefined()
  const next = await engine.put('b', 'late0', text('again'))
  expect(next.revision).toBeGreaterThan(revision + 100_000)
  const renewed = await storeEpoch(engine)
  await engine.close()
  // From then on it is a store like any other.
  const again = await openForTest(directory, { onDataLoss })
  expect(onDataLoss).toHaveBeenCalledOnce()
  expect(await storeEpoch(again)).toBe(renewed)
  expect(await again.get('b', 'late0')).toMatchObject({ value: text('again') })
  expect((await readdir(directory)).filter((name) => name.includes('.new'))).toEqual([])
})

it('a restored backup is not behind the mark of the life before', async () => {
  const { directory } = await crashed()
  const target = join(await temporaryDirectory(), 'store.backup')
  const { revision } = backup(directory, target)
  const engine = await openIn(directory)
  await engine.put('b', 'k', text('after the backup'))
  await engine.close()
  restore(target, directory, { force: true })
  expect(await revisionOf(await openForTest(directory))).toBe(revision)
})
