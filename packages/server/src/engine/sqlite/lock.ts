import { join } from 'node:path'
import { errorFor } from '@ironflow/core/errors'
import Database, { SqliteError } from 'better-sqlite3'

/** Held while a store is open, so that no second server opens it. */
export interface Lock {
  release(): void
}

/**
 * Takes the data directory for this process. The lock is SQLite's own on a file beside the database: the kernel frees it
 * when the process ends, however it ends, and SQLite guards it against the trap of POSIX locks, which any `close` of
 * another descriptor of the same file in the same process would drop.
 *
 * @throws unavailable where another server has it
 */
export function lockDirectory(directory: string): Lock {
  let db: Database.Database | undefined
  try {
    db = new Database(join(directory, 'ironflow.lock'), { timeout: 0 })
    // Nothing is ever written to it, and a rollback journal would be one file more to wonder about.
    db.pragma('journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db?.close()
    const busy = error instanceof SqliteError && error.code === 'SQLITE_BUSY'
    const message = busy
      ? `the data directory ${directory} is in use by another Ironflow server; stop that one, or give this one a directory of its own`
      : `cannot lock the data directory ${directory}: ${(error as Error).message}`
    throw errorFor('unavailable', message, { retryable: false, cause: error })
  }
  const held = db
  return { release: () => held.close() }
}
