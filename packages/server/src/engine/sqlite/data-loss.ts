import { copyFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { copyStore, verify } from './copy'
import type { Database } from './database'
import { openDatabase } from './driver'
import { type Mark, readMark } from './high-water-mark'
import { installDatabase, newId } from './installation'
import { checkIdentity, openForReading, unusable } from './open-database'
import { refused } from './refusal'
import { revisionInFile } from './revision-in-file'
import { DATABASE_FILE, type Identity, revisionOf, revisionSetter, setEpoch } from './schema'

/**
 * Revisions that a store which goes on after a loss leaves out beyond its mark: more than can have been committed after
 * the mark that was last on the disk, so that no revision is used twice.
 */
const REVISION_MARGIN = 1_000_000

/** What is missing of a store. */
interface Loss {
  readonly mark: Mark
  /** The newest revision that is there. */
  readonly revision: number
  /** Revisions that are gone; 0: none. */
  readonly missing: number
  /** The database's file is older than its log, so that the log does not follow it. */
  readonly isOldFile: boolean
}

/**
 * Refuses a store that acknowledged writes are gone from: database and log end before its high-water mark, or the
 * database's file is older than what was written into it. The store is only read, so that what is left of a damaged log
 * is left as it is.
 *
 * @param isLocked the caller has the lock of the directory, so that this process has not opened the database
 * @throws unavailable where revisions are missing, or the mark cannot be read
 */
export function checkNothingLost({ path, ...identity }: Identity & { path: string }, isLocked = true): Mark {
  const { mark, missing, revision, isOldFile } = lossOf(path, identity, isLocked)
  if (missing === 0) return mark
  const what = isOldFile
    ? `${path} is older than its log: its own file ends at revision ${revision}, but ${mark.writtenBack} was written into it`
    : `${path} ends at revision ${revision}, but ${mark.revision} was committed`
  throw refused(
    `${what}: ${missing} revisions, acknowledged writes among them, are gone, since ironflow.db-wal was lost or damaged, or ironflow.db replaced by an older one; put the right files back, restore a backup with \`ironflow restore --force\`, or start once with --accept-data-loss to go on with what is there`,
  )
}

/**
 * Makes what is left of a store that has lost acknowledged writes a new life of it, with another epoch and a counter
 * beyond all revisions of the one before. A log that does not follow its database is left out. Leaves a store that has
 * lost nothing as it is. Needs room on the disk for a copy of the database.
 *
 * @throws unavailable where what is left is damaged, or the mark cannot be read
 */
export function acceptDataLoss(
  directory: string,
  identity: Identity,
  onDataLoss: (missingRevisions: number) => void,
): Identity {
  const path = join(directory, DATABASE_FILE)
  const { mark, missing, isOldFile } = lossOf(path, identity, true)
  if (missing === 0) return identity
  const next = { storeId: identity.storeId, epoch: newId() }
  installDatabase(directory, next, (copy) => {
    if (isOldFile) copyFileSync(path, copy)
    else copyStore(path, identity, copy)
    const db = openDatabase(copy)
    try {
      setEpoch(db, next.epoch)
      revisionSetter(db).run(mark.revision + REVISION_MARGIN)
    } finally {
      db.close()
    }
    verify(copy, path)
  })
  onDataLoss(missing)
  return next
}

function lossOf(path: string, identity: Identity, isLocked: boolean): Loss {
  let db: Database | undefined
  try {
    // Before the database, which a running server writes first.
    const mark = readMark(dirname(path), identity.epoch)
    const inFile = isLocked ? revisionInFile(path) : undefined
    db = openForReading(path)
    checkIdentity(db, { path, ...identity })
    if (inFile !== undefined && inFile < mark.writtenBack) {
      return { mark, revision: inFile, missing: mark.writtenBack - inFile, isOldFile: true }
    }
    const revision = revisionOf(db)
    return { mark, revision, missing: Math.max(0, mark.revision - revision), isOldFile: false }
  } catch (error) {
    throw unusable(path, error)
  } finally {
    db?.close()
  }
}
