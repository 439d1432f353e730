import { chmodSync, copyFileSync, existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { errorFor } from '@ironflow/core/errors'
import Database from 'better-sqlite3'
import { checksumOf } from './checksum'
import { makeDirectory, syncDirectory, syncFile } from './files'
import { holdsStore, installDatabase, newId } from './installation'
import { lockDirectory } from './lock'
import { readMarker } from './marker'
import { checkIdentity, openForReading } from './open-database'
import { refused } from './refusal'
import { DATABASE_FILE, formatProblem, type Identity, identityOf, setEpoch } from './schema'

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
 * Writes a backup of the store in a data directory into one file, while a server runs on it or not. It is the store at
 * one moment, and complete and checked when this returns. It keeps its thread busy throughout.
 *
 * @throws unavailable where there is no store, or it is damaged; already_exists where there is such a file
 */
export function backup(dataDirectory: string, targetFile: string): BackupSummary {
  const directory = resolve(dataDirectory)
  const target = resolve(targetFile)
  const marker = readMarker(directory)
  if (!marker) throw refused(`${directory} holds no Ironflow store`)
  const exists = errorFor('already_exists', `${target} is there already; choose another name for the backup`)
  if (existsSync(target)) throw exists
  const temporary = `${target}.${newId()}.tmp`
  try {
    copyStore(join(directory, DATABASE_FILE), marker, temporary)
    // It holds all that the store does: for its owner's eyes.
    chmodSync(temporary, 0o600)
    const summary = verify(temporary, directory)
    syncFile(temporary)
    if (!moveTo(temporary, target)) throw exists
    syncDirectory(dirname(target))
    return summary
  } finally {
    rmSync(temporary, { force: true })
  }
}

/**
 * Makes a backup the store of a data directory that no server runs on, with a new epoch: cursors and ETags from before
 * it are known as such. What the backup is replaces the directory's store as a whole, or, after a crash, not at all.
 *
 * @throws already_exists where the directory holds a store, unless `force`; unavailable where a server runs on it, or the
 *   backup is no such thing, damaged, or of a newer version
 */
export function restore(backupFile: string, dataDirectory: string, options: { force?: boolean } = {}): BackupSummary {
  const source = resolve(backupFile)
  const directory = resolve(dataDirectory)
  if (!existsSync(source)) throw refused(`there is no backup ${source}`)
  makeDirectory(directory)
  const lock = lockDirectory(directory)
  try {
    if (!options.force && holdsStore(directory)) {
      throw errorFor('already_exists', `${directory} holds a store already; give --force to replace it`)
    }
    const { storeId } = identityIn(source)
    const identity = { storeId, epoch: newId() }
    return installDatabase(directory, identity, (path) => {
      copyFileSync(source, path)
      const copy = new Database(path)
      try {
        setEpoch(copy, identity.epoch)
      } finally {
        copy.close()
      }
      // The copy, not the source: what is checked is what will be used.
      return verify(path, source)
    })
  } finally {
    lock.release()
  }
}

function copyStore(path: string, marker: Identity, target: string): void {
  if (!existsSync(path)) throw refused(`${path} is missing`)
  let db: Database.Database | undefined
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
function verify(path: string, origin: string): BackupSummary {
  let db: Database.Database | undefined
  try {
    db = openForReading(path)
    const { epoch } = identityOf(db) ?? { epoch: '' }
    const result = db.pragma('integrity_check(1)', { simple: true })
    if (result !== 'ok') throw refused(`${origin} is damaged: ${result}`)
    verifyValues(db, origin)
    const revision = db.prepare<[], number>('SELECT revision FROM state').pluck().get() ?? 0
    return { revision, epoch, bytes: statSync(path).size }
  } catch (error) {
    throw unreadable(origin, error)
  } finally {
    db?.close()
  }
}

function verifyValues(db: Database.Database, origin: string): void {
  const values = db.prepare<
    [],
    { bucket: number; key: string; revision: number; encoding: number; value: string | Buffer; checksum: number }
  >('SELECT bucket, key, revision, encoding, value, checksum FROM entries WHERE encoding IS NOT NULL')
  for (const row of values.iterate()) {
    if (checksumOf(row) !== row.checksum) {
      throw refused(`${origin} is damaged: the value of ${row.key} at revision ${row.revision} has a wrong checksum`)
    }
  }
}

function identityIn(path: string): Identity {
  let db: Database.Database | undefined
  try {
    db = openForReading(path)
    const problem = formatProblem(db)
    const identity = problem === undefined ? identityOf(db) : undefined
    if (!identity) throw refused(`${path} ${problem ?? 'says not which store it is of'}`)
    return identity
  } catch (error) {
    throw unreadable(path, error)
  } finally {
    db?.close()
  }
}

function unreadable(path: string, error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error
  return refused(`${path} cannot be read: ${error.message}`, error)
}

/** Gives a file its name, unless the name is taken: a plain rename would replace what has it. */
function moveTo(temporary: string, target: string): boolean {
  try {
    linkSync(temporary, target)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    // A file system without hard links: there is a moment between the question and the rename, and no better way.
    if (existsSync(target)) return false
    renameSync(temporary, target)
    return true
  }
}
