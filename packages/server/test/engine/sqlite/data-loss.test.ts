import { copyFile, mkdir, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
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
  await expectMark(running, revision)
  for (const name of FILES) await copyFile(join(running, name), join(directory, name))
  return { directory, epoch: await storeEpoch(engine), revision, path: (file) => join(directory, file) }
}

/** Waits until the mark is that of a revision. */
async function expectMark(directory: string, revision: number): Promise<void> {
  const inSlots = async () => {
    const slots = (await readFile(join(directory, 'ironflow.mark'), 'latin1')).split(/\0+/)
    return Math.max(...slots.map((line) => Number.parseInt(line, 10) || 0))
  }
  await expect.poll(inSlots, { timeout: 5_000 }).toBe(revision)
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

it('a store whose database is older than its log is refused, though the log goes on to the newest revision', async () => {
  const store = await crashed()
  const old = await readFile(store.path('ironflow.db'))
  await (await openIn(store.directory)).close()
  // Another run, of which only the log is left: it has the newest revision, and none of those between.
  const engine = await openForTest(store.directory)
  const { revision } = await engine.put('b', 'newest', text('z'))
  await expectMark(store.directory, revision)
  const broken = { ...store, directory: await temporaryDirectory() }
  broken.path = (file) => join(broken.directory, file)
  for (const name of FILES) await copyFile(store.path(name), broken.path(name))
  await writeFile(broken.path('ironflow.db'), old)
  await expectRefusal(broken, /is older than its log.*: 10/)
  const target = join(await temporaryDirectory(), 'store.backup')
  expect(() => backup(broken.directory, target)).toThrow(/is older than its log/)
  // What is there is the old file: its log does not follow it.
  const left = await openForTest(broken.directory, { onDataLoss: vi.fn() })
  expect(await left.bucketInfo('b')).toMatchObject({ values: 10 })
  expect(await left.get('b', 'newest')).toBeUndefined()
  expect((await left.put('b', 'k', text('v'))).revision).toBeGreaterThan(revision)
})

it('a change of a bucket whose log is lost is noticed', async () => {
  const [running, directory] = [await temporaryDirectory(), await temporaryDirectory()]
  const first = await openIn(running)
  await first.put('b', 'k', text('v'))
  await first.close()
  const engine = await openForTest(running)
  await engine.updateBucket('b', { ttlSeconds: 77 })
  await new Promise((resolve) => setImmediate(resolve))
  await engine.delete('b', 'none')
  for (const name of FILES) await copyFile(join(running, name), join(directory, name))
  await rm(join(directory, 'ironflow.db-wal'))
  await expect(openIn(directory)).rejects.toMatchObject({ message: expect.stringMatching(/: 1 revisions.* are gone/) })
})

it('a backup of a store that has lost writes is refused, and none is left behind', async () => {
  const store = await crashed()
  await rm(store.path('ironflow.db-wal'))
  const directory = await temporaryDirectory()
  expect(() => backup(store.directory, join(directory, 'store.backup'))).toThrow(/: 10 revisions.* are gone/)
  expect(await readdir(directory)).toEqual([])
})

it('a store whose mark is there and damaged is refused, and opens after a restore', async () => {
  const store = await crashed()
  const target = join(await temporaryDirectory(), 'store.backup')
  backup(store.directory, target)
  await writeFile(store.path('ironflow.mark'), Buffer.alloc(8_192))
  const message = expect.stringMatching(/ironflow.mark cannot be read/)
  await expect(openIn(store.directory)).rejects.toMatchObject({ code: 'unavailable', retryable: false, message })
  restore(target, store.directory, { force: true })
  expect(await revisionOf(await openForTest(store.directory))).toBe(store.revision)
})

it('a mark that cannot be written is reported, and the store works all the same', async () => {
  const directory = await temporaryDirectory()
  const onWarning = vi.fn()
  const engine = await openForTest(directory, { onWarning })
  await engine.put('b', 'k', text('v'))
  expect(onWarning).not.toHaveBeenCalled()
  await engine.close()
  await rm(join(directory, 'ironflow.mark'))
  // What writing the new file needs is taken.
  await mkdir(join(directory, 'ironflow.mark.tmp'))
  const again = await openForTest(directory, { onWarning })
  expect(await again.get('b', 'k')).toMatchObject({ value: text('v') })
  expect(onWarning).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/^ironflow.mark cannot be written.*EISDIR/))
})

it('a store that has no mark opens, and has one from then on', async () => {
  const { directory, path, revision } = await crashed()
  await rm(path('ironflow.mark'))
  const engine = await openForTest(directory)
  expect(await revisionOf(engine)).toBe(revision)
  expect(await readFile(path('ironflow.mark'), 'latin1')).toMatch(
    new RegExp(`^${revision} ${revision} ${await storeEpoch(engine)} `),
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
