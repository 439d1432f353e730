import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Database } from './database'
import { openDatabase } from './driver'
import { syncDirectory, syncFile } from './files'
import { MARK_FILE } from './high-water-mark'
import { MARKER_FILE, readMarker, writeMarker } from './marker'
import { refused } from './refusal'
import {
  createTables,
  DATABASE_FILE,
  formatProblem,
  type Identity,
  identityOf,
  NEW_DATABASE_FILE,
  PAGE_BYTES,
} from './schema'

const ADVICE = 'put the right file back, or restore a backup with `ironflow restore --force`'

/**
 * Finds the store in a locked data directory, or makes one where there is nothing at all.
 *
 * A database comes to be in three steps, each durable before the next, and after a crash between any two of them the
 * next start knows what to do:
 *
 *   ironflow.db.new is complete      → no marker names it: it holds nothing yet, and is made again
 *   the marker names its identity    → it is the store: the third step is done now
 *   it is renamed to ironflow.db
 *
 * So a marker without a database means that the database was lost, and a database without a marker is not ours to open.
 * Neither is ever replaced by an empty one.
 */
export function findStore(directory: string): Identity {
  const marker = readMarker(directory)
  finishInstallation(directory, marker)
  const database = join(directory, DATABASE_FILE)
  if (marker) {
    if (!existsSync(database)) throw refused(`${database} is missing, but ${directory} has held a store; ${ADVICE}`)
    // SQLite would take an empty file for a new database.
    if (statSync(database).size === 0)
      throw refused(`${database} is empty, but ${directory} has held a store; ${ADVICE}`)
    checkLog(database, marker)
    return marker
  }
  const stray = [database, `${database}-wal`].find((path) => existsSync(path))
  if (stray) {
    throw refused(
      `${stray} is there without its store.json, so it may not be this server's; put store.json back, or move it away`,
    )
  }
  const identity = { storeId: newId(), epoch: newId() }
  installDatabase(directory, identity, (path) => makeDatabase(path, identity))
  return identity
}

function makeDatabase(path: string, identity: Identity): void {
  const db = openDatabase(path)
  try {
    db.exec(`PRAGMA page_size = ${PAGE_BYTES}`)
    createTables(db, identity)
  } catch (error) {
    throw refused(`cannot make a store in ${dirname(path)}: ${(error as Error).message}`, error)
  } finally {
    db.close()
  }
}

/**
 * Refuses a database that is not the marker's before the log beside it is played into it, which opening does: where
 * somebody put another store's file beside this store's log, that would damage what they put there. The identity is the
 * first row of the first table, so it lies in the second page, and no commit ever writes there again.
 */
function checkLog(database: string, { storeId, epoch }: Identity): void {
  // A store that was closed has left an empty log behind.
  if ((statSync(`${database}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0) return
  const file = openSync(database, 'r')
  try {
    const pages = Buffer.alloc(2 * PAGE_BYTES)
    readSync(file, pages, 0, pages.length, 0)
    if (pages.includes(`${storeId}${epoch}`)) return
  } finally {
    closeSync(file)
  }
  throw refused(`${database} belongs to another store than its store.json and its log, or is damaged; ${ADVICE}`)
}

/** Whether a directory holds anything that {@link installDatabase} would replace. */
export function holdsStore(directory: string): boolean {
  const database = join(directory, DATABASE_FILE)
  return existsSync(join(directory, MARKER_FILE)) || existsSync(database) || existsSync(`${database}-wal`)
}

/** An identity's part: 128 random bits, in letters and digits. */
export function newId(): string {
  return randomBytes(16).toString('hex')
}

/** Makes the database that `write` writes the store of a locked directory. The file must carry `identity`. */
export function installDatabase<T>(directory: string, identity: Identity, write: (path: string) => T): T {
  const path = join(directory, NEW_DATABASE_FILE)
  removeDatabase(path)
  // Made here, so that only its owner may read it; SQLite gives the files beside it the same permissions.
  closeSync(openSync(path, 'wx', 0o600))
  let result: T
  try {
    result = write(path)
  } catch (error) {
    removeDatabase(path)
    throw error
  }
  syncFile(path)
  syncDirectory(directory)
  writeMarker(directory, identity)
  finishInstallation(directory, identity)
  return result
}

/** Puts a new database in its place if it is the one the marker names, and removes it if not. */
function finishInstallation(directory: string, marker: Identity | undefined): void {
  const path = join(directory, NEW_DATABASE_FILE)
  if (!existsSync(path)) return
  const identity = marker && readIdentity(path)
  if (marker && identity?.storeId === marker.storeId && identity.epoch === marker.epoch) {
    const database = join(directory, DATABASE_FILE)
    // The log of the database that was here before would be played into the new one, and its mark is of another life.
    rmSync(`${database}-wal`, { force: true })
    rmSync(`${database}-shm`, { force: true })
    rmSync(join(directory, MARK_FILE), { force: true, recursive: true })
    syncDirectory(directory)
    renameSync(path, database)
  } else {
    removeDatabase(path)
  }
  syncDirectory(directory)
}

function readIdentity(path: string): Identity | undefined {
  let db: Database | undefined
  try {
    db = openDatabase(path, { readonly: true })
    return formatProblem(db) === undefined ? identityOf(db) : undefined
  } catch {
    // Cut off while it was written: no marker can name it.
    return undefined
  } finally {
    db?.close()
  }
}

function removeDatabase(path: string): void {
  for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
}
