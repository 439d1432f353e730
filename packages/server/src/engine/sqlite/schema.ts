import type { Encoding, Operation } from '@ironflow/core/protocol'
import { type Database, inTransaction, pragma, type Statement } from './database'

/** The database's file in the data directory. */
export const DATABASE_FILE = 'ironflow.db'

/** A complete database that is yet to take the place of {@link DATABASE_FILE}. */
export const NEW_DATABASE_FILE = 'ironflow.db.new'

/** The format this version reads and writes; a store of a higher one is refused. */
export const FORMAT = 2

/** The size of a database's pages: that of most disks' and file systems' own. */
export const PAGE_BYTES = 4096

/** `IRON`: tells our files from other SQLite databases. */
const APPLICATION_ID = 0x49524f4e

/** Operations by the number they are stored as. Only ever append: the numbers are in people's files. */
export const OPERATIONS = ['put', 'delete', 'purge', 'expire'] as const satisfies Operation[]

/** Encodings by the number they are stored as. Only ever append. */
export const ENCODINGS = ['json', 'text', 'base64'] as const satisfies Encoding[]

/** Which store a database is, and in which life. */
export interface Identity {
  storeId: string
  epoch: string
}

/**
 * Revisions are rows of `entries` and their number is the row's id, so the table only ever grows at its end. `keys` says
 * which revisions of a key are kept: the newest, and as JSON the older ones, oldest first. It is small enough to scan.
 * These are the tables of format 1; {@link MIGRATIONS} has what came later.
 */
const TABLES = `
  CREATE TABLE identity (store_id TEXT NOT NULL, epoch TEXT NOT NULL);
  CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL);
  INSERT INTO state VALUES (1, 0);

  CREATE TABLE buckets (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    ttl_seconds REAL,
    history INTEGER NOT NULL,
    max_bytes INTEGER,
    max_value_size INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_revision INTEGER NOT NULL,
    -- Cursors below this may have missed a tombstone that is forgotten by now.
    floor INTEGER NOT NULL,
    -- How many keys have a value, and the bytes of those values.
    value_count INTEGER NOT NULL,
    value_bytes INTEGER NOT NULL
  );

  CREATE TABLE entries (
    revision INTEGER PRIMARY KEY,
    bucket INTEGER NOT NULL,
    key TEXT NOT NULL,
    operation INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    -- From the key's own time-to-live; the bucket's is applied when read, since it may change.
    key_expires_at INTEGER,
    encoding INTEGER,
    checksum INTEGER,
    value
  );

  CREATE TABLE keys (
    bucket INTEGER NOT NULL,
    key TEXT NOT NULL,
    revision INTEGER NOT NULL,
    -- Of the value; NULL: the newest revision is a tombstone, made at deleted_at.
    bytes INTEGER,
    expires_at INTEGER,
    deleted_at INTEGER,
    older TEXT,
    PRIMARY KEY (bucket, key)
  ) WITHOUT ROWID;
  CREATE INDEX keys_by_revision ON keys (bucket, revision);
  CREATE INDEX keys_by_expiry ON keys (expires_at) WHERE expires_at IS NOT NULL;
  CREATE INDEX keys_by_deletion ON keys (deleted_at) WHERE deleted_at IS NOT NULL;
`

/**
 * What turns a database of one format into the next: the first member makes format 2 of format 1. Only ever append: each
 * is run once on people's files, in one transaction with the note that it was.
 */
const MIGRATIONS: readonly string[] = [
  `-- Keys after this one are yet to be brought in line with ttl_seconds and history; NULL: all are.
   ALTER TABLE buckets ADD COLUMN stale_after TEXT;
   -- JSON.
   ALTER TABLE entries ADD COLUMN meta TEXT;
   -- Results of the writes of the last two minutes, a row for each commit: JSON, as in applied-row.ts.
   CREATE TABLE applied (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, results TEXT NOT NULL);
   -- Has all that counting a bucket's values past their time takes.
   CREATE INDEX keys_by_bucket_expiry ON keys (bucket, expires_at, bytes) WHERE expires_at IS NOT NULL`,
]

/** Brings a database to the present format; call {@link formatProblem} first. */
export function migrate(db: Database): void {
  const format = Number(pragma(db, 'user_version'))
  for (const [index, sql] of MIGRATIONS.slice(format - 1).entries()) {
    inTransaction(db, () => {
      db.exec(sql)
      db.exec(`PRAGMA user_version = ${format + index + 1}`)
    })
  }
}

/** Fills an empty database. */
export function createTables(db: Database, identity: Identity): void {
  inTransaction(db, () => {
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
    db.exec('PRAGMA user_version = 1')
    db.exec(TABLES)
    db.prepare('INSERT INTO identity VALUES (?, ?)').run(identity.storeId, identity.epoch)
  })
  migrate(db)
}

/** Gives a database another epoch: it begins another life, in which no write was applied yet. */
export function setEpoch(db: Database, epoch: string): void {
  migrate(db)
  db.prepare('UPDATE identity SET epoch = ?').run(epoch)
  db.exec('DELETE FROM applied')
}

/** The newest revision that a database holds. */
export function revisionOf(db: Database): number {
  return db.prepare<[], { revision: number }>('SELECT revision FROM state').get()?.revision ?? 0
}

/** Prepares the statement that sets the revision after which a database goes on. */
export function revisionSetter(db: Database): Statement<[number], unknown> {
  return db.prepare('UPDATE state SET revision = ?')
}

/** Why a database is not one this version can read, or `undefined`. */
export function formatProblem(db: Database): string | undefined {
  if (pragma(db, 'application_id') !== APPLICATION_ID) return 'is not an Ironflow database'
  const format = Number(pragma(db, 'user_version'))
  if (format > FORMAT) return `was written by a newer version of Ironflow (format ${format}, this one reads ${FORMAT})`
  return undefined
}

/** Which store a database is; call {@link formatProblem} first. */
export function identityOf(db: Database): Identity | undefined {
  return db.prepare<[], Identity>('SELECT store_id AS storeId, epoch FROM identity').get()
}

/** SQL for when a value expires: the earlier of its own time and `bucketTtlMs` after it was made; NULL: never. */
export function expirySql(entry: string, bucketTtlMs: string): string {
  const byBucket = `${entry}.created_at + ${bucketTtlMs}`
  const byKey = `${entry}.key_expires_at`
  return `min(ifnull(${byBucket}, ${byKey}), ifnull(${byKey}, ${byBucket}))`
}
