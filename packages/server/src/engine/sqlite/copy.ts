import { existsSync, statSync } from 'node:fs'
import { checksumOf } from './checksum'
import { type Database, pragma } from './database'
import { checkIdentity, openForReading } from './open-database'
import { refused } from './refusal'
import { type Identity, identityOf, revisionOf } from './schema'
import { sqliteCode } from './sqlite-codes'

/** What a backup holds, or a restore brought back. */
export interface BackupSummary {
  /** The newest revision in it. */
  revision: number
  /** The size of the database's file. */
  bytes: number
  /** The identity of the store's life: a restored store has another than its backup. */
  epoch: string
}

/**
 * Copies a store's database, as it is at one moment, into a file that does not exist or is empty.
 *
 * @throws unavailable where it is missing, of another store, or cannot be read
 */
export function copyStore(path: string, marker: Identity, target: string): void {
  if (!existsSync(path)) throw refused(`${path} is missing`)
  let db: Database | undefined
  try {
    db = openForReading(path)
    checkIdentity(db, { path, ...marker })
    db.prepare('VACUUM INTO ?').run(target)
  } catch (error) {
    throw unreadable(path, error)
  } finally {
    db?.close()
  }
}

/** Reads every page and every value of a copy; what is wrong with it is wrong with what it was copied from. */
export function verify(path: string, origin: string): BackupSummary {
  let db: Database | undefined
  try {
    db = openForReading(path)
    const { epoch } = identityOf(db) ?? { epoch: '' }
    const result = pragma(db, 'integrity_check(1)')
    if (result !== 'ok') throw refused(`${origin} is damaged: ${result}`)
    verifyValues(db, origin)
    return { revision: revisionOf(db), epoch, bytes: statSync(path).size }
  } catch (error) {
    throw unreadable(origin, error)
  } finally {
    db?.close()
  }
}

function verifyValues(db: Database, origin: string): void {
  const values = db.prepare<
    [],
    { bucket: number; key: string; revision: number; encoding: number; value: string | Uint8Array; checksum: number }
  >('SELECT bucket, key, revision, encoding, value, checksum FROM entries WHERE encoding IS NOT NULL')
  for (const row of values.iterate()) {
    if (checksumOf(row) !== row.checksum) {
      throw refused(`${origin} is damaged: the value of ${row.key} at revision ${row.revision} has a wrong checksum`)
    }
  }
}

/** The refusal of a file that SQLite cannot read; any other error as it is. */
export function unreadable(path: string, error: unknown): unknown {
  if (sqliteCode(error) === undefined) return error
  return refused(`${path} cannot be read: ${(error as Error).message}`, error)
}
