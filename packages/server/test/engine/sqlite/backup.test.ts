import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import type { Engine } from '../../../src/engine/engine'
import type { Entry } from '../../../src/engine/entry'
import { backup, restore } from '../../../src/engine/sqlite/backup'
import type { BackupSummary } from '../../../src/engine/sqlite/copy'
import { openDatabase } from '../../../src/engine/sqlite/driver'
import { bundle, openForTest, openIn, temporaryDirectory, text } from './store-directory'

async function entriesOf(engine: Engine): Promise<Entry[]> {
  const page = await engine.changesSince('b', { limit: 10_000 })
  return page.lost ? [] : page.changes.map((entry) => ({ ...entry, epoch: '' }))
}

/** A backup made as `ironflow backup` makes it: beside the thread that writes. */
function backupBeside(directory: string, target: string): Promise<BackupSummary> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(bundle('sqlite-backup-worker'), { workerData: { directory, target } })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

async function filled(): Promise<{ directory: string; target: string; engine: Engine }> {
  const directory = await temporaryDirectory()
  const engine = await openForTest(directory)
  for (let n = 0; n < 30; n++) await engine.put('b', `k${n % 10}`, text(`${n}`))
  await engine.delete('b', 'k3')
  await engine.put('b', 'bytes', { encoding: 'base64', bytes: Uint8Array.of(0, 255) })
  return { directory, target: join(await temporaryDirectory(), 'store.backup'), engine }
}

it('a backup of a running store is one file, from which the store comes back in another epoch', async () => {
  const { directory, target, engine } = await filled()
  const summary = backup(directory, target)
  const { epoch, revision } = (await engine.entries('b', { limit: 1, values: false })).position
  expect(summary.revision).toBe(revision)
  expect(epoch).toContain(summary.epoch)
  expect((await stat(target)).mode & 0o777).toBe(0o600)
  expect(await readdir(join(target, '..'))).toEqual(['store.backup'])
  const elsewhere = join(await temporaryDirectory(), 'data')
  const restored = restore(target, elsewhere)
  const copy = await openForTest(elsewhere)
  expect((await copy.bucketInfo('b'))?.epoch).toContain(restored.epoch)
  expect(restored.epoch).not.toBe(summary.epoch)
  expect(await entriesOf(copy)).toEqual(await entriesOf(engine))
  const without = <T extends object>(value: T | undefined) => ({ ...value, epoch: '' })
  const historyOf = async (each: Engine) => (await each.history('b', 'k1', { limit: 10 })).map(without)
  expect(await historyOf(copy)).toEqual(await historyOf(engine))
  expect(without(await copy.bucketInfo('b'))).toEqual(without(await engine.bucketInfo('b')))
  const next = await copy.put('b', 'k1', text('on it goes'))
  expect(next.revision).toBe(summary.revision + 1)
})

it('a backup while others write is the store at one moment', async () => {
  const { directory, target, engine } = await filled()
  let writing = true
  const written: number[] = []
  const writers = Array.from({ length: 4 }, async (_, writer) => {
    for (let n = 0; writing; n++) written.push((await engine.put('b', `w${writer}`, text(`${n}`))).revision)
  })
  while (written.length < 50) await new Promise((resolve) => setImmediate(resolve))
  const { revision } = await backupBeside(directory, target)
  writing = false
  await Promise.all(writers)
  const elsewhere = await temporaryDirectory()
  restore(target, elsewhere, { force: true })
  const copy = await openForTest(elsewhere)
  const entries = await entriesOf(copy)
  expect(entries.at(-1)?.revision).toBe(revision)
  // Each writer waits for its last put before the next, so no two can differ by what one moment could not show.
  const counts = [0, 1, 2, 3].map((writer) => entries.filter(({ key }) => key === `w${writer}`).length)
  expect(counts).toEqual([1, 1, 1, 1])
  const info = await copy.bucketInfo('b')
  expect(info?.values).toBe(entries.filter(({ value }) => value).length)
})

it('a backup of a store that no server runs on, also after a crash, is complete', async () => {
  const { directory, target, engine } = await filled()
  const before = await entriesOf(engine)
  await engine.close()
  backup(directory, target)
  const elsewhere = await temporaryDirectory()
  restore(target, elsewhere)
  expect(await entriesOf(await openForTest(elsewhere))).toEqual(before)
})

it('a backup replaces no file, and leaves none behind when it fails', async () => {
  const { directory, target } = await filled()
  await writeFile(target, 'precious')
  expect(() => backup(directory, target)).toThrow(expect.objectContaining({ code: 'already_exists' }))
  expect(await readFile(target, 'utf8')).toBe('precious')
  expect(() => backup(join(target, '..'), `${target}.2`)).toThrow(/holds no Ironflow store/)
  expect(await readdir(join(target, '..'))).toEqual(['store.backup'])
})

it('a restore replaces no store unless it is forced to', async () => {
  const { directory, target, engine } = await filled()
  backup(directory, target)
  const at = await engine.get('b', 'k1')
  await engine.put('b', 'k1', text('newer'))
  await engine.close()
  expect(() => restore(target, directory)).toThrow(expect.objectContaining({ code: 'already_exists' }))
  const kept = await openIn(directory)
  expect(await kept.get('b', 'k1')).toMatchObject({ value: text('newer') })
  await kept.close()
  restore(target, directory, { force: true })
  const back = await openForTest(directory)
  const restored = await back.get('b', 'k1')
  expect(restored).toEqual({ ...at, epoch: restored?.epoch })
  expect(restored?.epoch).not.toBe(at?.epoch)
})

it('a restore brings back a directory whose database was lost', async () => {
  const { directory, target, engine } = await filled()
  backup(directory, target)
  await engine.close()
  await writeFile(join(directory, 'ironflow.db'), '')
  await expect(openIn(directory)).rejects.toThrow(/restore --force/)
  restore(target, directory, { force: true })
  expect(await (await openForTest(directory)).bucketInfo('b')).toMatchObject({ values: 10 })
})

it('a restore needs a directory that no server runs on', async () => {
  const { directory, target } = await filled()
  backup(directory, target)
  expect(() => restore(target, directory, { force: true })).toThrow(/in use by another Ironflow server/)
})

it('a backup that is damaged, or none, restores nothing', async () => {
  const { directory, target, engine } = await filled()
  backup(directory, target)
  await engine.close()
  const elsewhere = await temporaryDirectory()
  const expectNothing = async (message: RegExp) => {
    expect(() => restore(target, elsewhere)).toThrow(message)
    expect((await readdir(elsewhere)).filter((name) => name !== 'ironflow.lock')).toEqual([])
  }
  const whole = await readFile(target)
  const db = openDatabase(target)
  db.prepare("UPDATE entries SET value = 'another' WHERE key = 'k1'").run()
  db.close()
  await expectNothing(/k1 .*wrong checksum/)
  await writeFile(target, whole.subarray(0, whole.length / 2))
  await expectNothing(/damaged|cannot be read/)
  await writeFile(target, 'no backup')
  await expectNothing(/cannot be read/)
  expect(() => restore(`${target}.missing`, elsewhere)).toThrow(/there is no backup/)
})
