import type { Database } from './database'
import { type Overdue, OverdueCount } from './overdue-count'

/** A row of `keys`: which revisions of a key are kept. */
export interface KeyRow {
  bucket: number
  key: string
  revision: number
  /** Of the newest revision's value; `null`: it is a tombstone. */
  bytes: number | null
  expiresAt: number | null
  deletedAt: number | null
  older: string | null
}

/** A row of `entries` as it is written. */
export interface EntryRow {
  revision: number
  bucket: number
  key: string
  operation: number
  createdAt: number
  keyExpiresAt: number | null
  encoding: number | null
  checksum: number | null
  value: string | Uint8Array | null
  /** JSON text. */
  meta: string | null
}

export interface EntryTimes {
  createdAt: number
  keyExpiresAt: number | null
}

const KEY_COLUMNS = 'bucket, key, revision, bytes, expires_at AS expiresAt, deleted_at AS deletedAt, older'

/** Every statement with which the worker reads and writes entries and keys. The rules are elsewhere. */
export class EntryTable {
  readonly #sql
  readonly #overdue: OverdueCount

  constructor(db: Database) {
    this.#overdue = new OverdueCount(db)
    this.#sql = {
      head: db.prepare<[number, string], KeyRow>(`SELECT ${KEY_COLUMNS} FROM keys WHERE bucket = ? AND key = ?`),
      operation: db.prepare<[number], { operation: number }>('SELECT operation FROM entries WHERE revision = ?'),
      insertEntry: db.prepare(
        `INSERT INTO entries (revision, bucket, key, operation, created_at, key_expires_at, encoding, checksum, value, meta)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ),
      deleteEntry: db.prepare('DELETE FROM entries WHERE revision = ?'),
      insertKey: db.prepare(
        'INSERT INTO keys (revision, bytes, expires_at, deleted_at, older, bucket, key) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ),
      updateKey: db.prepare(
        `UPDATE keys SET revision = ?, bytes = ?, expires_at = ?, deleted_at = ?, older = ? WHERE bucket = ? AND key = ?`,
      ),
      deleteKey: db.prepare('DELETE FROM keys WHERE bucket = ? AND key = ?'),
      due: db.prepare<[number, number], KeyRow>(
        `SELECT ${KEY_COLUMNS} FROM keys WHERE expires_at <= ? ORDER BY expires_at LIMIT ?`,
      ),
      dueIn: db.prepare<[number, number, number], KeyRow>(
        `SELECT ${KEY_COLUMNS} FROM keys INDEXED BY keys_by_bucket_expiry
         WHERE bucket = ? AND expires_at <= ? ORDER BY expires_at LIMIT ?`,
      ),
      deletedBefore: db.prepare<[number, number], KeyRow>(
        `SELECT ${KEY_COLUMNS} FROM keys WHERE deleted_at <= ? ORDER BY deleted_at LIMIT ?`,
      ),
      keysAfter: db.prepare<[number, string, number], KeyRow>(
        `SELECT ${KEY_COLUMNS} FROM keys WHERE bucket = ? AND key > ? ORDER BY key LIMIT ?`,
      ),
      times: db.prepare<[number], EntryTimes>(
        'SELECT created_at AS createdAt, key_expires_at AS keyExpiresAt FROM entries WHERE revision = ?',
      ),
    }
  }

  head(bucket: number, key: string): KeyRow | undefined {
    return this.#sql.head.get(bucket, key)
  }

  /** The number of the operation that made a revision. */
  operationOf(revision: number): number | undefined {
    return this.#sql.operation.get(revision)?.operation
  }

  insertEntry(row: EntryRow): void {
    const { revision, bucket, key, operation, createdAt, keyExpiresAt, encoding, checksum, value, meta } = row
    const content = [encoding, checksum, value, meta]
    this.#sql.insertEntry.run(revision, bucket, key, operation, createdAt, keyExpiresAt, ...content)
  }

  deleteEntry(revision: number): void {
    this.#sql.deleteEntry.run(revision)
  }

  /** Writes a key's row, which is there already or not. */
  setKey(row: KeyRow, isThere: boolean): void {
    const { revision, bytes, expiresAt, deletedAt, older, bucket, key } = row
    const statement = isThere ? this.#sql.updateKey : this.#sql.insertKey
    statement.run(revision, bytes, expiresAt, deletedAt, older, bucket, key)
  }

  deleteKey(bucket: number, key: string): void {
    this.#sql.deleteKey.run(bucket, key)
  }

  /** Keys whose value's time is up, the longest overdue first. */
  due(now: number, limit: number): KeyRow[] {
    return this.#sql.due.all(now, limit)
  }

  /** Those of one bucket. */
  dueIn(bucket: number, now: number, limit: number): KeyRow[] {
    return this.#sql.dueIn.all(bucket, now, limit)
  }

  /** How many values of a bucket are past their time with their expiry not committed, and their bytes. */
  overdue(bucket: number, now: number): Overdue {
    return this.#overdue.of(bucket, now)
  }

  /** Keys whose newest revision is a tombstone of that time or earlier. */
  deletedBefore(time: number, limit: number): KeyRow[] {
    return this.#sql.deletedBefore.all(time, limit)
  }

  /** A bucket's keys after a key, in order. */
  keysAfter(bucket: number, key: string, limit: number): KeyRow[] {
    return this.#sql.keysAfter.all(bucket, key, limit)
  }

  /** What the expiry of a revision's value follows from, besides its bucket. */
  timesOf(revision: number): EntryTimes | undefined {
    return this.#sql.times.get(revision)
  }
}

/** The older revisions of a key that are kept, oldest first. */
export function olderOf({ older }: Pick<KeyRow, 'older'>): number[] {
  return older === null ? [] : (JSON.parse(older) as number[])
}
