import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openDatabase } from '../../../src/engine/sqlite/driver'
import { findStore } from '../../../src/engine/sqlite/installation'
import { revisionInFile } from '../../../src/engine/sqlite/revision-in-file'
import { revisionSetter } from '../../../src/engine/sqlite/schema'
import { temporaryDirectory } from './store-directory'

const REVISIONS = [0, 1, 2, 127, 128, 40_000, 8_000_000, 2_000_000_000, 2 ** 40, Number.MAX_SAFE_INTEGER]

it.each(REVISIONS)('revision %i is read out of the file, in a copy too', async (revision) => {
  const directory = await temporaryDirectory()
  findStore(directory)
  const [path, copy] = [join(directory, 'ironflow.db'), join(directory, 'copy')]
  const db = openDatabase(path)
  revisionSetter(db).run(revision)
  db.prepare('VACUUM INTO ?').run(copy)
  db.close()
  expect([revisionInFile(path), revisionInFile(copy)]).toEqual([revision, revision])
})

it('what is in the log only does not count', async () => {
  const directory = await temporaryDirectory()
  findStore(directory)
  const path = join(directory, 'ironflow.db')
  const db = openDatabase(path)
  db.exec('PRAGMA journal_mode = WAL')
  revisionSetter(db).run(7)
  expect(revisionInFile(path)).toBe(0)
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  expect(revisionInFile(path)).toBe(7)
  db.close()
})

it('a file that is missing, cut off, or no such database, has none', async () => {
  const path = join(await temporaryDirectory(), 'ironflow.db')
  expect(revisionInFile(path)).toBeUndefined()
  await writeFile(path, Buffer.alloc(4_096, 13))
  expect(revisionInFile(path)).toBeUndefined()
  await writeFile(path, Buffer.alloc(20_000, 13))
  expect(revisionInFile(path)).toBeUndefined()
})
