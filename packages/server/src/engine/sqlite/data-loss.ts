import { dirname, join } from 'node:path'
import { copyStore, verify } from './copy'
import type { Database } from './database'
import { openDatabase } from './driver'
import { readMark } from './high-water-mark'
import { installDatabase, newId } from './installation'
import { checkIdentity, openForReading, unusable } from './open-database'
import { refused } from './refusal'
import { DATABASE_FILE, type Identity, revisionOf, revisionSetter, setEpoch } from './schema'

/**
 * Revisions that a store which goes on after a loss leaves out beyond its mark: more than can have been committed after
 * the mark that was last on the disk, so that no revision is used twice.
 */
const REVISION_MARGIN = 1_000_000

/**
 * Refuses a store whose database and log end before its high-water mark: acknowledged writes are gone. It is only read,
 * so that what is left of a damaged log is left as it is.
 *
 * @throws unavailable where revisions are missing
 */
export function checkNothingLost({ path, ...identity }: Identity & { path: string }): void {
  const { missing, revision } = lossOf(path, identity)
  if (missing === 0) return
  throw refused(
    `${path} ends at revision ${revision}, but ${revision + missing} was committed: ${missing} revisions, acknowledged writes among them, are gone, since ironflow.db-wal was lost or damaged, or ironflow.db replaced by an older one; put the right files back, restore a backup with \`ironflow restore --force\`, or start once with --accept-data-loss to go on with what is there`,
  )
}

/**
 * Makes what is left of a store that has lost acknowledged writes a new life of it, with another epoch and a counter
 * beyond all revisions of the one before. Leaves a store that has lost nothing as it is. Needs room on the disk for a
 * copy of the database.
 *
 * @throws unavailable where what is left is damaged
 */
export function acceptDataLoss(
  directory: string,
  identity: Identity,
  onDataLoss: (missingRevisions: number) => void,
): Identity {
  const path = join(directory, DATABASE_FILE)
  const { missing, revision } = lossOf(path, identity)
  if (missing === 0) return identity
  const next = { storeId: identity.storeId, epoch: newId() }
  installDatabase(directory, next, (copy) => {
    copyStore(path, identity, copy)
    const db = openDatabase(copy)
    try {
      setEpoch(db, next.epoch)
      revisionSetter(db).run(revision + missing + REVISION_MARGIN)
    } finally {
      db.close()
    }
    verify(copy, path)
  })
  onDataLoss(missing)
  return next
}

function lossOf(path: string, identity: Identity): { revision: number; missing: number } {
  let db: Database | undefined
  try {
    db = openForReading(path)
    checkIdentity(db, { path, ...identity })
    const revision = revisionOf(db)
    return { revision, missing: Math.max(0, readMark(dirname(path), identity.epoch) - revision) }
  } catch (error) {
    throw unusable(path, error)
  } finally {
    db?.close()
  }
}
