import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openForTest, openIn, temporaryDirectory, text } from './store-directory'

/** A directory with a new store in it, as if that had not been opened yet. */
async function empty(): Promise<string> {
  const directory = join(await temporaryDirectory(), 'data')
  await (await openIn(directory)).close()
  for (const suffix of ['-wal', '-shm']) await rm(join(directory, `ironflow.db${suffix}`))
  return directory
}

it('a store is made where there is nothing, and when it is closed all of it is in the database', async () => {
  const directory = join(await temporaryDirectory(), 'deep', 'data')
  const engine = await openIn(directory)
  await engine.put('b', 'k', text('v'))
  await engine.close()
  expect((await stat(join(directory, 'ironflow.db-wal'))).size).toBe(0)
  for (const suffix of ['-wal', '-shm']) await rm(join(directory, `ironflow.db${suffix}`))
  expect((await readdir(directory)).sort()).toEqual(['ironflow.db', 'ironflow.lock', 'ironflow.mark', 'store.json'])
  expect(await (await openForTest(directory)).get('b', 'k')).toMatchObject({ value: text('v') })
})

it('a crash before the marker was written leaves nothing that matters: the store is made again', async () => {
  const directory = await empty()
  await rename(join(directory, 'ironflow.db'), join(directory, 'ironflow.db.new'))
  await rm(join(directory, 'store.json'))
  const engine = await openForTest(directory)
  await engine.put('b', 'k', text('v'))
  expect(await readdir(directory)).not.toContain('ironflow.db.new')
})

it('a crash in the midst of making the database does, too', async () => {
  const directory = await temporaryDirectory()
  await writeFile(join(directory, 'ironflow.db.new'), 'half of a data')
  await writeFile(join(directory, 'ironflow.db.new-journal'), 'and its journal')
  await openForTest(directory)
  expect((await readdir(directory)).filter((name) => name.includes('.new'))).toEqual([])
})

it('after a crash between marker and database the next start finishes', async () => {
  const directory = await empty()
  await rename(join(directory, 'ironflow.db'), join(directory, 'ironflow.db.new'))
  const { epoch } = JSON.parse(await readFile(join(directory, 'store.json'), 'utf8')) as { epoch: string }
  const engine = await openForTest(directory)
  const put = await engine.put('b', 'k', text('v'))
  expect(put.epoch).toContain(epoch)
})

it('a new database that the marker does not name is not taken for the lost one', async () => {
  const [directory, other] = [await empty(), await empty()]
  await copyFile(join(other, 'ironflow.db'), join(directory, 'ironflow.db.new'))
  await rm(join(directory, 'ironflow.db'))
  await expect(openIn(directory)).rejects.toThrow(/missing/)
})

it('a new database that the marker does not name does not replace the store', async () => {
  const [directory, other] = [await empty(), await empty()]
  const before = await openIn(directory)
  await before.put('b', 'k', text('mine'))
  await before.close()
  await copyFile(join(other, 'ironflow.db'), join(directory, 'ironflow.db.new'))
  const engine = await openForTest(directory)
  expect(await engine.get('b', 'k')).toMatchObject({ value: text('mine') })
})

it('a log without its database is refused', async () => {
  const directory = join(await temporaryDirectory(), 'data')
  await mkdir(directory)
  await writeFile(join(directory, 'ironflow.db-wal'), 'writes of somebody')
  await expect(openIn(directory)).rejects.toThrow(/without its store\.json/)
})

it('a directory that cannot be had is said so', async () => {
  const file = join(await temporaryDirectory(), 'file')
  await writeFile(file, '')
  const failure = { code: 'unavailable', retryable: false, message: expect.stringContaining(file) }
  await expect(openIn(file)).rejects.toMatchObject(failure)
  await expect(openIn(join(file, 'data'))).rejects.toMatchObject(failure)
})
