import { statSync } from 'node:fs'
import { type Database, pragma } from './database'
import { openDatabase } from './driver'
import type { WorkerStart } from './messages'
import { refused } from './refusal'
import { formatProblem, identityOf, migrate } from './schema'
import { isDamage, isFull, sqliteCode } from './sqlite-codes'

/** A database up to this size is read through at start, which takes some 0.1 s. */
const FULL_CHECK_BYTES = 64 * 1024 * 1024

/** Pages of the log after which it is written into the database: fewer, larger checkpoints cost less per write. */
const CHECKPOINT_PAGES = 4_000

/** How long to wait for another connection's lock. */
const BUSY_TIMEOUT_MS = 2_000

const ADVICE = 'restore a backup with `ironflow restore --force`, or put the right file back'

/**
 * Opens the one connection that writes.
 *
 * @throws where the database is not the one that was expected, or not whole
 */
export function openForWriting(start: WorkerStart): Database {
  const { path, maxPages } = start
  const db = openDatabase(path, { mustExist: true, busyTimeoutMs: BUSY_TIMEOUT_MS })
  try {
    checkIdentity(db, start)
    migrate(db)
    db.exec('PRAGMA journal_mode = WAL')
    // Every commit waits for the disk: what was acknowledged survives a power failure.
    db.exec('PRAGMA synchronous = FULL')
    db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
    // A backup, or any long read, makes the log grow; afterwards it gives the space back.
    db.exec(`PRAGMA journal_size_limit = ${64 * 1024 * 1024}`)
    db.exec('PRAGMA cache_size = -65536')
    db.exec('PRAGMA temp_store = MEMORY')
    if (maxPages !== undefined) db.exec(`PRAGMA max_page_count = ${maxPages}`)
    checkWhole(db, path)
    return db
  } catch (error) {
    db.close()
    throw unusable(path, error)
  }
}

/** Opens a connection that reads what is committed, and never writes, not even a checkpoint. */
export function openForReading(path: string): Database {
  const db = openDatabase(path, { readonly: true, busyTimeoutMs: BUSY_TIMEOUT_MS })
  db.exec('PRAGMA cache_size = -32768')
  return db
}

/** Refuses a database that is not the one the marker names. */
export function checkIdentity(db: Database, expected: Pick<WorkerStart, 'path' | 'storeId' | 'epoch'>): void {
  const { path } = expected
  const problem = formatProblem(db)
  if (problem) throw refused(`${path} ${problem}; ${ADVICE}`)
  const identity = identityOf(db)
  if (identity?.storeId !== expected.storeId || identity.epoch !== expected.epoch) {
    throw refused(`${path} belongs to another store than its store.json; ${ADVICE}`)
  }
}

function checkWhole(db: Database, path: string): void {
  // With the log written back the file has to be as long as the database says, whatever its size.
  const isWrittenBack = writeLogBack(db)
  const bytes = Number(pragma(db, 'page_count')) * Number(pragma(db, 'page_size'))
  const size = statSync(path).size
  if (isWrittenBack && size < bytes) throw refused(`${path} is cut off: ${size} of ${bytes} bytes are there; ${ADVICE}`)
  if (bytes > FULL_CHECK_BYTES) return
  const result = pragma(db, 'quick_check(1)')
  if (result !== 'ok') throw refused(`${path} is damaged: ${result}; ${ADVICE}`)
}

/**
 * Writes the log into the database and empties it. Returns whether all of it was written back: a backup that is reading,
 * or a full disk, can prevent that, and then the log is kept and the database is read through it.
 */
export function writeLogBack(db: Database): boolean {
  try {
    const log = db.prepare<[], { log: number; checkpointed: number }>('PRAGMA wal_checkpoint(TRUNCATE)').get()
    return log?.log === log?.checkpointed
  } catch (error) {
    if (isFull(sqliteCode(error))) return false
    throw error
  }
}

/**
 * The refusal of a database that SQLite cannot open; any other error as it is. A restore is advised only if the data
 * itself is damaged.
 */
export function unusable(path: string, error: unknown): unknown {
  const code = sqliteCode(error)
  if (code === undefined) return error
  const reason = `${(error as Error).message} (${code})`
  if (isDamage(code)) return refused(`${path} is damaged: ${reason}; ${ADVICE}`, error)
  const advice = isFull(code) ? 'the disk is full, make room on it' : 'remove the cause'
  return refused(`${path} cannot be opened: ${reason}; the data is untouched: ${advice} and start again`, error)
}
