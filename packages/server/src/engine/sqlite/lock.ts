import { join } from 'node:path'
import type { Database } from './database'
import { openDatabase } from './driver'
import { refused } from './refusal'
import { sqliteCode } from './sqlite-codes'

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
  let db: Database | undefined
  try {
    db = openDatabase(join(directory, 'ironflow.lock'))
    // Nothing is ever written to it, and a rollback journal would be one file more to wonder about.
    db.exec('PRAGMA journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db?.close()
    const code = sqliteCode(error)
    if (code === undefined) throw error
    const message =
      code === 'SQLITE_BUSY'
        ? `the data directory ${directory} is in use by another Ironflow server; stop that one, or give this one a directory of its own`
        : `cannot lock the data directory ${directory}: ${(error as Error).message}`
    throw refused(message, error)
  }
  const held = db
  return { release: () => held.close() }
}
