import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../../../src/engine/sqlite/driver'
import { findStore } from '../../../src/engine/sqlite/installation'
import type { Write } from '../../../src/engine/sqlite/messages'
import { Writer } from '../../../src/engine/sqlite/writer'
import { failingSql } from './failing-sql'
import { temporaryDirectory } from './store-directory'

/** What of an entry's write these tests have no use for. */
const PLAIN = { expectedRevision: undefined, expectedEpoch: undefined, meta: undefined, once: undefined } as const

/** The monotonic clock throughout. */
const UPTIME = 1_000

function put(key: string, value = 'v'): Write {
  const now = Date.now()
  return {
    do: 'put',
    bucket: 'b',
    key,
    encoding: 1,
    value,
    bytes: value.length,
    keyExpiresAt: undefined,
    bucketConfig: undefined,
    ...PLAIN,
    now,
  }
}

async function writer(): Promise<{ writer: Writer; path: string }> {
  const directory = await temporaryDirectory()
  return { writer: writerIn(directory), path: join(directory, 'ironflow.db') }
}

function writerIn(directory: string): Writer {
  const path = join(directory, 'ironflow.db')
  const bucketDefaults = { history: 1, maxValueSize: 1_000_000 }
  const options = { bucketDefaults, tombstoneRetentionMs: 1_000, openedAt: { now: Date.now(), uptime: 0 } }
  const opened = new Writer({ path, ...findStore(directory), ...options }, () => {})
  onTestFinished(() => opened.close())
  return opened
}

function keysIn(path: string): string[] {
  const db = openDatabase(path, { readonly: true })
  const rows = db.prepare<[], { key: string }>('SELECT key FROM keys ORDER BY key').all()
  db.close()
  return rows.map(({ key }) => key)
}

it('a commit that fails acknowledges nothing and leaves nothing', async () => {
  const { writer: store, path } = await writer()
  store.commit([put('a')], UPTIME)
  failingSql('COMMIT', 'SQLITE_IOERR_FSYNC', 1)
  const report = store.commit([put('b'), put('c')], UPTIME)
  expect(report.outcomes).toMatchObject([
    { kind: 'failed', code: 'unavailable' },
    { kind: 'failed', code: 'unavailable' },
  ])
  expect(report).toMatchObject({ writes: 0, trouble: expect.stringMatching(/SQLITE_IOERR_FSYNC/) })
  expect(keysIn(path)).toEqual(['a'])
})

it('after an error of the disk nothing is written until a probe has opened the database again', async () => {
  const { writer: store, path } = await writer()
  const [first] = store.commit([put('a')], UPTIME).outcomes
  failingSql('COMMIT', 'SQLITE_IOERR_FSYNC', 1)
  store.commit([put('b')], UPTIME)
  expect(store.commit([put('c')], UPTIME).outcomes).toMatchObject([{ kind: 'failed', code: 'unavailable' }])
  expect(store.commit([{ do: 'probe' }], UPTIME)).toMatchObject({ outcomes: [{ kind: 'settled' }], trouble: undefined })
  const [next] = store.commit([put('d')], UPTIME).outcomes
  expect(first).toMatchObject({ kind: 'written' })
  expect(next).toMatchObject({ kind: 'written', revision: (first as { revision: number }).revision + 1 })
  expect(keysIn(path)).toEqual(['a', 'd'])
})

it('a probe that fails leaves things as they are', async () => {
  const { writer: store } = await writer()
  failingSql('COMMIT', 'SQLITE_IOERR_WRITE', 2)
  store.commit([put('a')], UPTIME)
  expect(store.commit([{ do: 'probe' }], UPTIME)).toMatchObject({
    outcomes: [{ kind: 'failed', code: 'unavailable' }],
    trouble: expect.stringMatching(/SQLITE_IOERR_WRITE/),
  })
  expect(store.commit([{ do: 'probe' }], UPTIME)).toMatchObject({ trouble: undefined })
})

it('a write whose commit failed is done when it is repeated', async () => {
  const { writer: store, path } = await writer()
  const mine = { ...put('a'), once: 'mine' } as Write
  failingSql('COMMIT', 'SQLITE_FULL', 1)
  expect(store.commit([mine], UPTIME).outcomes).toMatchObject([{ kind: 'failed', code: 'storage_full' }])
  const [written] = store.commit([mine], UPTIME).outcomes
  expect(written).toMatchObject({ kind: 'written' })
  expect(written).not.toHaveProperty('repeated')
  expect(keysIn(path)).toEqual(['a'])
})

it('a write is recognised when it is repeated after the database was opened again, though its clock was set', async () => {
  const { writer: store } = await writer()
  const mine = { ...put('a'), once: 'mine', now: Date.now() - 3_600_000 } as Write
  const failed = { ...put('b'), once: 'failed' } as Write
  const [first] = store.commit([mine], UPTIME).outcomes
  failingSql('COMMIT', 'SQLITE_IOERR_FSYNC', 1)
  store.commit([failed], UPTIME)
  store.commit([{ do: 'probe' }], UPTIME)
  const [repeated, written] = store.commit([mine, failed], UPTIME).outcomes
  expect(repeated).toEqual({ ...first, repeated: true })
  expect(written).toMatchObject({ kind: 'written' })
  expect(written).not.toHaveProperty('repeated')
})

it('a database that has moved on without its followers is not written to again', async () => {
  const { writer: store, path } = await writer()
  store.commit([put('a')], UPTIME)
  failingSql('COMMIT', 'SQLITE_IOERR_FSYNC', 1)
  store.commit([put('b')], UPTIME)
  const other = openDatabase(path)
  other.exec('UPDATE state SET revision = revision + 1')
  other.close()
  expect(store.commit([{ do: 'probe' }], UPTIME)).toMatchObject({
    trouble: expect.stringMatching(/restart the server/),
  })
  expect(store.commit([put('c')], UPTIME).outcomes).toMatchObject([{ kind: 'failed', code: 'unavailable' }])
})

it('a batch in which nothing came about is no commit', async () => {
  const { writer: store, path } = await writer()
  store.commit([put('a')], UPTIME)
  const logged = () => statSync(`${path}-wal`).size
  const before = logged()
  const report = store.commit([{ do: 'delete', bucket: 'b', key: 'none', now: 1, ...PLAIN }], UPTIME)
  expect(report).toMatchObject({ writes: 0, outcomes: [{ kind: 'unchanged', revision: 0 }] })
  expect(logged()).toBe(before)
  store.commit([put('a')], UPTIME)
  expect(logged()).toBeGreaterThan(before)
})

it('an expiry that comes with a write that then fails is kept, and told in its place', async () => {
  const { writer: store } = await writer()
  const old = { ...put('k'), now: 1_000, keyExpiresAt: 2_000 } as Write
  store.commit([old], UPTIME)
  const late = { ...put('k'), now: 3_000, expectedRevision: 99 } as Write
  expect(store.commit([put('x'), late, put('y')], UPTIME)).toMatchObject({
    outcomes: [
      { kind: 'written' },
      { kind: 'failed', code: 'revision_conflict', currentRevision: 4 },
      { kind: 'written' },
    ],
    expired: [{ before: 1, key: 'k', revision: 4 }],
  })
})

it.each(['SQLITE_CORRUPT', 'SQLITE_CORRUPT_INDEX', 'SQLITE_NOTADB'])(
  'a database that SQLite calls %s is damaged, and a restore is advised',
  async (code) => {
    const directory = await temporaryDirectory()
    findStore(directory)
    failingSql('PRAGMA journal_mode', code)
    expect(() => writerIn(directory)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/is damaged: it failed .*restore --force/) }),
    )
  },
)

it.each(['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE', 'SQLITE_IOERR_READ', 'SQLITE_READONLY', 'SQLITE_CANTOPEN'])(
  'a database that cannot be opened because of %s is not called damaged, and no restore is advised',
  async (code) => {
    const directory = await temporaryDirectory()
    findStore(directory)
    failingSql('PRAGMA journal_mode', code)
    const reason = new RegExp(`^(?!.*(damaged|restore)).*it failed \\(${code}\\); the data is untouched`)
    expect(() => writerIn(directory)).toThrow(expect.objectContaining({ message: expect.stringMatching(reason) }))
  },
)

it('on a disk that is too full to write the log back, the database opens and is read through its log', async () => {
  const directory = await temporaryDirectory()
  const path = join(directory, 'ironflow.db')
  writerIn(directory).commit([put('a')], UPTIME)
  failingSql('PRAGMA wal_checkpoint', 'SQLITE_FULL')
  const next = writerIn(directory)
  expect(next.revision).toBe(2)
  expect(next.commit([put('b')], UPTIME).outcomes).toMatchObject([{ kind: 'written', revision: 3 }])
  expect(keysIn(path)).toEqual(['a', 'b'])
})

it('a commit that fails for want of room in the shared memory beside the log means that the disk is full', async () => {
  const { writer: store } = await writer()
  failingSql('COMMIT', 'SQLITE_IOERR_SHMSIZE', 1)
  expect(store.commit([put('a')], UPTIME).outcomes).toMatchObject([{ kind: 'failed', code: 'storage_full' }])
  expect(store.commit([put('a')], UPTIME).outcomes).toMatchObject([{ kind: 'written' }])
})
