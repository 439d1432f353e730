import type { Database } from 'better-sqlite3'
import { expirySql } from './schema'

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

const KEY_COLUMNS = 'bucket, key, revision, bytes, expires_at AS expiresAt, deleted_at AS deletedAt, older'

/**
 * Every statement with which the worker reads and writes entries and keys. The rules are elsewhere. The `+` keeps SQLite
 * from finding a bucket's due keys by reading the bucket: few are due, and there is an index of those.
 */
export class EntryTable {
  readonly #sql

  constructor(db: Database) {
    this.#sql = {
      head: db.prepare<[number, string], KeyRow>(`SELECT ${KEY_COLUMNS} FROM keys WHERE bucket = ? AND key = ?`),
      operation: db.prepare<[number], number>('SELECT operation FROM entries WHERE revision = ?').pluck(),
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
      dueIn: db.prepare<[number, number], KeyRow>(
        `SELECT ${KEY_COLUMNS} FROM keys WHERE expires_at <= ? AND +bucket = ? ORDER BY expires_at`,
      ),
      deletedBefore: db.prepare<[number, number], KeyRow>(
        `SELECT ${KEY_COLUMNS} FROM keys WHERE deleted_at <= ? ORDER BY deleted_at LIMIT ?`,
      ),
      withOlder: db.prepare<[number], KeyRow>(`SELECT ${KEY_COLUMNS} FROM keys WHERE bucket = ? AND older IS NOT NULL`),
      setExpiries: db.prepare(
        `UPDATE keys SET expires_at = (
           SELECT ${expirySql('entries', ':ttl')} FROM entries WHERE entries.revision = keys.revision)
         WHERE bucket = :bucket AND bytes IS NOT NULL`,
      ),
      deleteNewest: db.prepare('DELETE FROM entries WHERE revision IN (SELECT revision FROM keys WHERE bucket = ?)'),
      deleteOlder: db.prepare(
        'DELETE FROM entries WHERE revision IN (SELECT value FROM keys, json_each(keys.older) WHERE bucket = ?)',
      ),
      deleteKeys: db.prepare('DELETE FROM keys WHERE bucket = ?'),
    }
  }

  head(bucket: number, key: string): KeyRow | undefined {
    return this.#sql.head.get(bucket, key)
  }

  /** The number of the operation that made a revision. */
  operationOf(revision: number): number | undefined {
    return this.#sql.operation.get(revision)
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

  dueIn(bucket: number, now: number): KeyRow[] {
    return this.#sql.dueIn.all(now, bucket)
  }

  /** Keys whose newest revision is a tombstone of that time or earlier. */
  deletedBefore(time: number, limit: number): KeyRow[] {
    return this.#sql.deletedBefore.all(time, limit)
  }

  /** Keys of which older revisions are kept. */
  withOlder(bucket: number): KeyRow[] {
    return this.#sql.withOlder.all(bucket)
  }

  /** Works out anew when a bucket's values expire. */
  setExpiries(bucket: number, ttlMs: number | undefined): void {
    this.#sql.setExpiries.run({ bucket, ttl: ttlMs ?? null })
  }

  deleteAll(bucket: number): void {
    this.#sql.deleteNewest.run(bucket)
    this.#sql.deleteOlder.run(bucket)
    this.#sql.deleteKeys.run(bucket)
  }
}

/** The older revisions of a key that are kept, oldest first. */
export function olderOf({ older }: Pick<KeyRow, 'older'>): number[] {
  return older === null ? [] : (JSON.parse(older) as number[])
}
