import { createHash } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { copyFile, open, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openDatabase } from '../../../src/engine/sqlite/driver'
import { openForTest, openIn, temporaryDirectory, text } from './store-directory'

/** A directory with a store in it that holds something. */
async function store(): Promise<string> {
  const directory = await temporaryDirectory()
  const engine = await openIn(directory)
  await Promise.all(Array.from({ length: 50 }, (_, n) => engine.put('b', `k${n}`, text('x'.repeat(1_000)))))
  await engine.close()
  return directory
}

/** Digests of the files that hold something: an empty log may come and go. */
async function contents(directory: string): Promise<Record<string, string>> {
  const files = ['ironflow.db', 'ironflow.db-wal', 'store.json']
  const size = (name: string) => statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0
  const names = files.filter((name) => (name.endsWith('-wal') ? size(name) > 0 : existsSync(join(directory, name))))
  const digest = async (name: string) =>
    createHash('sha256')
      .update(await readFile(join(directory, name)))
      .digest('hex')
  const read = async (name: string) => [name, await digest(name)]
  return Object.fromEntries(await Promise.all(names.sort().map(read)))
}

/** Opening fails with that message, and leaves every file as it is. */
async function expectRefusal(directory: string, message: RegExp): Promise<void> {
  const before = await contents(directory)
  const failure = await openIn(directory).then(
    (engine) => engine.close(),
    (error: Error) => error,
  )
  expect(failure).toMatchObject({ code: 'unavailable', retryable: false, message: expect.stringMatching(message) })
  expect(failure).toMatchObject({ message: expect.stringContaining(directory) })
  expect(await contents(directory)).toEqual(before)
}

const database = (directory: string) => join(directory, 'ironflow.db')

it('a database that is missing is not made anew', async () => {
  const directory = await store()
  await rm(database(directory))
  await expectRefusal(directory, /ironflow\.db is missing.*ironflow restore/)
})

it('an empty one is not taken for a new one', async () => {
  const directory = await store()
  await truncate(database(directory), 0)
  await expectRefusal(directory, /is empty/)
})

it('one that is cut off is refused', async () => {
  const directory = await store()
  const { length } = await readFile(database(directory))
  await truncate(database(directory), Math.floor(length / 2 / 4096) * 4096)
  await expectRefusal(directory, /is damaged|is cut off/)
})

it('one with a page of rubbish is refused', async () => {
  const directory = await store()
  const file = await open(database(directory), 'r+')
  await file.write(Buffer.alloc(4096, 0xa5), 0, 4096, 4096 * 3)
  await file.close()
  await expectRefusal(directory, /is damaged/)
})

it('a file that is no database is refused', async () => {
  const directory = await store()
  await writeFile(database(directory), 'not a database at all, but long enough to have a header '.repeat(200))
  await expectRefusal(directory, /is damaged/)
})

it("another program's database is refused", async () => {
  const directory = await store()
  await rm(database(directory))
  const db = openDatabase(database(directory))
  db.exec('CREATE TABLE t (a)')
  db.close()
  await expectRefusal(directory, /is not an Ironflow database/)
})

it("another store's database is refused", async () => {
  const [directory, other] = [await store(), await store()]
  await copyFile(database(other), database(directory))
  await expectRefusal(directory, /belongs to another store/)
})

it("another store's database is refused before the log of the lost one is played into it", async () => {
  const [directory, other] = [await temporaryDirectory(), await store()]
  const engine = await openIn(directory)
  await engine.put('b', 'k', text('only in the log'))
  const log = await readFile(`${database(directory)}-wal`)
  await engine.close()
  await copyFile(database(other), database(directory))
  await writeFile(`${database(directory)}-wal`, log)
  await expectRefusal(directory, /belongs to another store/)
})

it('a newer database is refused', async () => {
  const directory = await store()
  const db = openDatabase(database(directory))
  db.exec('PRAGMA user_version = 3')
  db.exec('PRAGMA journal_mode = DELETE')
  db.close()
  await expectRefusal(directory, /newer version of Ironflow \(format 3, this one reads 2\)/)
})

it('a newer marker is refused', async () => {
  const directory = await store()
  const marker = JSON.parse(await readFile(join(directory, 'store.json'), 'utf8')) as object
  await writeFile(join(directory, 'store.json'), JSON.stringify({ ...marker, format: 7 }))
  await expectRefusal(directory, /newer version of Ironflow \(format 7/)
})

it('a marker that cannot be read is refused', async () => {
  const directory = await store()
  await writeFile(join(directory, 'store.json'), '{"format"')
  await expectRefusal(directory, /store\.json cannot be read/)
})

it('a database without its marker is refused', async () => {
  const directory = await store()
  await rm(join(directory, 'store.json'))
  await expectRefusal(directory, /without its store\.json/)
})

it('after the cause is gone a store that was refused opens', async () => {
  const directory = await store()
  await rename(database(directory), join(directory, 'elsewhere'))
  await expectRefusal(directory, /missing/)
  await rename(join(directory, 'elsewhere'), database(directory))
  const engine = await openForTest(directory)
  expect(await engine.bucketInfo('b')).toMatchObject({ values: 50 })
})

it('a value whose bytes changed is never served', async () => {
  const directory = await store()
  const db = openDatabase(database(directory))
  db.prepare("UPDATE entries SET value = replace(value, 'x', 'y') WHERE key = 'k7'").run()
  db.close()
  const engine = await openForTest(directory)
  const message = expect.stringMatching(/^(?!.*k7).*checksum/)
  const failure = { code: 'internal', retryable: false, message, details: { key: 'k7', revision: expect.any(Number) } }
  await expect(engine.get('b', 'k7')).rejects.toMatchObject(failure)
  await expect(engine.history('b', 'k7', { limit: 5 })).rejects.toMatchObject(failure)
  await expect(engine.entries('b', { limit: 100, values: true })).rejects.toMatchObject(failure)
  await expect(engine.changesSince('b', { limit: 100 })).rejects.toMatchObject(failure)
  expect((await engine.entries('b', { limit: 100, values: false })).entries).toHaveLength(50)
  expect(await engine.get('b', 'k8')).toBeDefined()
  await engine.put('b', 'k7', text('whole again'))
  expect(await engine.get('b', 'k7')).toMatchObject({ value: text('whole again') })
})

it('a value in the place of another is never served', async () => {
  const directory = await store()
  const db = openDatabase(database(directory))
  const take = db.prepare<[], object>("SELECT value, checksum FROM entries WHERE key = 'k1'").get()
  db.prepare("UPDATE entries SET value = :value, checksum = :checksum WHERE key = 'k2'").run(take)
  db.close()
  const engine = await openForTest(directory)
  await expect(engine.get('b', 'k2')).rejects.toMatchObject({ code: 'internal' })
})

it('opening takes well below the time a server has to start', async () => {
  const directory = await store()
  const times: number[] = []
  // The best of three: other tests run beside this one.
  for (let n = 0; n < 3; n++) {
    const started = performance.now()
    const engine = await openIn(directory)
    times.push(performance.now() - started)
    await engine.close()
  }
  expect(Math.min(...times)).toBeLessThan(300)
})
