import { chmodSync, copyFileSync, existsSync, linkSync, renameSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { errorFor } from '@ironflow/core/errors'
import { type BackupSummary, copyStore, unreadable, verify } from './copy'
import { checkNothingLost } from './data-loss'
import type { Database } from './database'
import { openDatabase } from './driver'
import { makeDirectory, syncDirectory, syncFile } from './files'
import { holdsStore, installDatabase, newId } from './installation'
import { type Lock, lockDirectory } from './lock'
import { readMarker } from './marker'
import { openForReading } from './open-database'
import { refused } from './refusal'
import { DATABASE_FILE, formatProblem, type Identity, identityOf, setEpoch } from './schema'

/**
 * Writes a backup of the store in a data directory into one file, while a server runs on it or not. It is the store at
 * one moment, and complete and checked when this returns. It keeps its thread busy throughout.
 *
 * @throws unavailable where there is no store, or it is damaged, or has lost acknowledged writes; already_exists where
 *   there is such a file
 */
export function backup(dataDirectory: string, targetFile: string): BackupSummary {
  const directory = resolve(dataDirectory)
  const target = resolve(targetFile)
  const marker = readMarker(directory)
  if (!marker) throw refused(`${directory} holds no Ironflow store`)
  const exists = errorFor('already_exists', `${target} is there already; choose another name for the backup`)
  if (existsSync(target)) throw exists
  const temporary = `${target}.${newId()}.tmp`
  const path = join(directory, DATABASE_FILE)
  if (!existsSync(path)) throw refused(`${path} is missing`)
  checkSource(directory, { path, ...marker })
  try {
    copyStore(path, marker, temporary)
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

/** Refuses a store that has lost writes. Where a server runs on it, that one has looked at the database's own file. */
function checkSource(directory: string, store: Identity & { path: string }): void {
  let lock: Lock | undefined
  try {
    lock = lockDirectory(directory)
  } catch {
    // A server has it, or the directory cannot be written: the mark alone has to do.
  }
  try {
    checkNothingLost(store, lock !== undefined)
  } finally {
    lock?.release()
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
      const copy = openDatabase(path)
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

function identityIn(path: string): Identity {
  let db: Database | undefined
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
