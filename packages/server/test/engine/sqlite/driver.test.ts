import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { type Database, inTransaction, type OpenOptions, pragma } from '../../../src/engine/sqlite/database'
import { openDatabase } from '../../../src/engine/sqlite/driver'
import { sqliteCode } from '../../../src/engine/sqlite/sqlite-codes'
import { temporaryDirectory } from './store-directory'

// Runs on both libraries: on better-sqlite3 here, and on node:sqlite in the step that `npm test` makes on Node.js 24.

async function file(): Promise<string> {
  // A name with a meaning in URLs.
  return join(await temporaryDirectory(), 'a b#c?d%20.db')
}

function open(path: string, options?: OpenOptions): Database {
  const db = openDatabase(path, options)
  onTestFinished(() => db.close())
  return db
}

/** The name of the code with which something fails. */
function codeOf(work: () => unknown): string | undefined {
  try {
    work()
  } catch (error) {
    return sqliteCode(error)
  }
  return 'it did not fail'
}

it('what is written is read as it was: text with a NUL, no text, bytes, no bytes, large and broken numbers, null', async () => {
  const db = open(await file())
  db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, v)')
  const values = ['a\0b 😀', '', Uint8Array.of(0, 255), new Uint8Array(0), Number.MAX_SAFE_INTEGER, 0.1, null]
  const insert = db.prepare<[unknown]>('INSERT INTO t (v) VALUES (?)')
  expect(values.map((value) => Number(insert.run(value).lastInsertRowid))).toEqual([1, 2, 3, 4, 5, 6, 7])
  const select = db.prepare<[], { v: unknown }>('SELECT v FROM t ORDER BY id')
  const plain = ({ v }: { v: unknown }) => (v instanceof Uint8Array ? Uint8Array.from(v) : v)
  expect(select.all().map(plain)).toEqual(values)
  expect(Array.from(select.iterate(), plain)).toEqual(values)
})

it('a query takes parameters in order or by name, and has undefined where there is no row', async () => {
  const db = open(await file())
  expect(db.prepare<[number, number], { sum: number }>('SELECT ? + ? AS sum').get(1, 2)?.sum).toBe(3)
  const named = db.prepare<[Record<string, number>], { sum: number }>('SELECT :a + :a + :b AS sum')
  expect(named.get({ a: 1, b: 2 })?.sum).toBe(4)
  expect(db.prepare('SELECT 1 WHERE 0').get()).toBeUndefined()
})

it('an iteration that is left early lets its transaction end', async () => {
  const path = await file()
  const db = open(path)
  db.exec('PRAGMA journal_mode = WAL')
  db.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1), (2), (3)')
  const reading = open(path, { readonly: true })
  inTransaction(reading, () => {
    for (const _ of reading.prepare('SELECT v FROM t').iterate()) break
  })
  // A reader that has not let go would keep the log from being emptied.
  expect(db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()).toMatchObject({ busy: 0, log: 0 })
})

it('a transaction is committed, or rolled back where the work throws', async () => {
  const db = open(await file())
  db.exec('CREATE TABLE t (v)')
  const insert = () => db.exec('INSERT INTO t VALUES (1)')
  const count = () => db.prepare<[], { n: number }>('SELECT count(*) AS n FROM t').get()?.n
  const working = () => {
    insert()
    return db.inTransaction
  }
  expect(inTransaction(db, working)).toBe(true)
  const failing = () => {
    insert()
    throw new Error('on purpose')
  }
  expect(() => inTransaction(db, failing)).toThrow('on purpose')
  expect([db.inTransaction, count()]).toEqual([false, 1])
})

it('a pragma has one value', async () => {
  const db = open(await file())
  db.exec('PRAGMA user_version = 7')
  expect(pragma(db, 'user_version')).toBe(7)
})

it('a file that must be there is not made, and one that is only read is not written', async () => {
  const path = await file()
  for (const options of [{ mustExist: true }, { readonly: true }]) {
    expect(codeOf(() => openDatabase(path, options))).toBe('SQLITE_CANTOPEN')
    expect(existsSync(path)).toBe(false)
  }
  open(path).exec('CREATE TABLE t (v)')
  open(path, { mustExist: true }).exec('INSERT INTO t VALUES (1)')
  expect(codeOf(() => open(path, { readonly: true }).exec('INSERT INTO t VALUES (2)'))).toBe('SQLITE_READONLY')
})

it('errors have the names of their codes', async () => {
  const path = await file()
  const db = open(path)
  db.exec('BEGIN EXCLUSIVE')
  expect(codeOf(() => open(path).exec('BEGIN EXCLUSIVE'))).toBe('SQLITE_BUSY')
  db.exec('COMMIT')
  db.exec('CREATE TABLE t (v); PRAGMA max_page_count = 3')
  expect(codeOf(() => db.exec('INSERT INTO t VALUES (zeroblob(100000))'))).toBe('SQLITE_FULL')
  expect(codeOf(() => db.exec('SELEC'))).toBe('SQLITE_ERROR')
})

it.each([
  [10 | (19 << 8), 'SQLITE_IOERR_SHMSIZE'],
  [10 | (4 << 8), 'SQLITE_IOERR_FSYNC'],
  [10, 'SQLITE_IOERR'],
  [11 | (3 << 8), 'SQLITE_CORRUPT'],
  [26, 'SQLITE_NOTADB'],
  [99, 'SQLITE_99'],
])('the code %i of node:sqlite is %s', (errcode, name) => {
  expect(sqliteCode(Object.assign(new Error('x'), { code: 'ERR_SQLITE_ERROR', errcode }))).toBe(name)
})

it.each([new Error('x'), Object.assign(new Error('x'), { code: 'ENOENT' }), 'SQLITE_FULL', undefined])(
  'what is no error of SQLite has no code: %s',
  (error) => {
    expect(sqliteCode(error)).toBeUndefined()
  },
)
