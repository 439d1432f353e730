import type { KeyRange } from '../key-filter'
import { compareKeys } from '../key-order'
import { BUCKET_COLUMNS, type BucketRow } from './bucket-table'
import type { Database, Statement } from './database'
import { expirySql } from './schema'

/** A row of `entries` with what reading it takes of its bucket. */
export interface ReadRow {
  revision: number
  bucket: number
  /** The revision at which the bucket began. */
  life: number
  key: string
  operation: number
  createdAt: number
  /** JSON text. */
  meta: string | null
  /** Of a value: when it stops being there. */
  expiresAt: number | null
  encoding: number | null
  checksum: number | null
  value: string | Uint8Array | null
}

const EXPIRES_AT = expirySql('e', 'round(b.ttl_seconds * 1000)')
const BARE_COLUMNS = `e.revision, e.bucket, b.created_revision AS life, e.key, e.operation, e.created_at AS createdAt,
  e.meta, e.encoding,
  iif(e.encoding IS NULL, NULL, ${EXPIRES_AT}) AS expiresAt`
const COLUMNS = `${BARE_COLUMNS}, e.checksum, e.value`

/** After every text in SQLite's order: texts come before blobs. */
const AFTER_ALL = Buffer.alloc(0)

interface KeyPlace {
  key: string
  revision: number
  /** Of the value. */
  bytes: number
}

/** Every statement with which the main thread reads. For the `+` see `entry-table.ts`. */
export class ReadStatements {
  readonly revision: Statement<[], { revision: number }>
  readonly bucket: Statement<[string], BucketRow>
  readonly buckets: Statement<[string, number, string, number], BucketRow>
  /** The values of a bucket whose time is up and whose expiry is not committed yet. */
  readonly overdue: Statement<[number, number], { values: number; bytes: number }>
  readonly newest: Statement<[string, string], ReadRow>
  readonly atRevision: Statement<[number, string, string], ReadRow>
  readonly entry: Statement<[number, string], ReadRow>
  /** As `entry`, without the value, which may be large. */
  readonly bareEntry: Statement<[number, string], ReadRow>
  readonly changes: Statement<[number, number, number], ReadRow>
  readonly due: Statement<[number], unknown>
  readonly forgettable: Statement<[number], unknown>
  readonly #liveKeys: Statement<[number, string, string | Uint8Array, number], KeyPlace>
  readonly #liveKey: Statement<[number, string, number], KeyPlace>
  readonly #history: Statement<[Record<string, unknown>], ReadRow>

  constructor(db: Database) {
    this.revision = db.prepare<[], { revision: number }>('SELECT revision FROM state')
    this.bucket = db.prepare<[string], BucketRow>(`SELECT ${BUCKET_COLUMNS} FROM buckets WHERE name = ?`)
    this.buckets = db.prepare<[string, number, string, number], BucketRow>(
      `SELECT ${BUCKET_COLUMNS} FROM buckets WHERE name > ? AND substr(name, 1, ?) = ? ORDER BY name LIMIT ?`,
    )
    this.overdue = db.prepare<[number, number], { values: number; bytes: number }>(
      `SELECT count(*) AS "values", ifnull(sum(bytes), 0) AS bytes FROM keys WHERE expires_at <= ? AND +bucket = ?`,
    )
    this.newest = db.prepare<[string, string], ReadRow>(
      `SELECT ${COLUMNS} FROM buckets b JOIN keys k ON k.bucket = b.id AND k.key = ?
       JOIN entries e ON e.revision = k.revision WHERE b.name = ?`,
    )
    this.atRevision = db.prepare<[number, string, string], ReadRow>(
      `SELECT ${COLUMNS} FROM entries e JOIN buckets b ON b.id = e.bucket WHERE e.revision = ? AND e.key = ? AND b.name = ?`,
    )
    this.entry = db.prepare<[number, string], ReadRow>(
      `SELECT ${COLUMNS} FROM entries e JOIN buckets b ON b.id = e.bucket WHERE e.revision = ? AND b.name = ?`,
    )
    this.bareEntry = db.prepare<[number, string], ReadRow>(
      `SELECT ${BARE_COLUMNS} FROM entries e JOIN buckets b ON b.id = e.bucket WHERE e.revision = ? AND b.name = ?`,
    )
    this.changes = db.prepare<[number, number, number], ReadRow>(
      `SELECT ${COLUMNS} FROM keys k JOIN buckets b ON b.id = k.bucket JOIN entries e ON e.revision = k.revision
       WHERE k.bucket = ? AND k.revision > ? AND (k.expires_at IS NULL OR k.expires_at > ?) ORDER BY k.revision`,
    )
    this.due = db.prepare<[number], unknown>('SELECT 1 FROM keys WHERE expires_at <= ? LIMIT 1')
    this.forgettable = db.prepare<[number], unknown>('SELECT 1 FROM keys WHERE deleted_at <= ? LIMIT 1')
    this.#liveKeys = db.prepare<[number, string, string | Uint8Array, number], KeyPlace>(
      `SELECT key, revision, bytes FROM keys WHERE bucket = ? AND key > ? AND key < ? AND bytes IS NOT NULL
       AND (expires_at IS NULL OR expires_at > ?) ORDER BY key`,
    )
    this.#liveKey = db.prepare<[number, string, number], KeyPlace>(
      `SELECT key, revision, bytes FROM keys WHERE bucket = ? AND key = ? AND bytes IS NOT NULL
       AND (expires_at IS NULL OR expires_at > ?)`,
    )
    this.#history = db.prepare<[Record<string, unknown>], ReadRow>(
      `WITH kept (revision) AS (
         SELECT k.revision FROM buckets b JOIN keys k ON k.bucket = b.id WHERE b.name = :name AND k.key = :key
         UNION ALL
         SELECT older.value FROM buckets b JOIN keys k ON k.bucket = b.id, json_each(k.older) older
         WHERE b.name = :name AND k.key = :key)
       SELECT ${COLUMNS} FROM kept JOIN entries e ON e.revision = kept.revision JOIN buckets b ON b.id = e.bucket
       WHERE e.revision < :before AND ifnull(expiresAt > :now, TRUE) ORDER BY e.revision DESC LIMIT :limit`,
    )
  }

  /** The keys with a value after `after` that are in one of the ranges, in order. */
  *liveKeys(bucket: number, ranges: readonly KeyRange[], now: number, after = ''): Generator<KeyPlace> {
    for (const { start, isKey } of ranges) {
      const from = compareKeys(after, start) > 0 ? after : start
      // A prefix ends with a dot, which no key does: no key is equal to it.
      if (!isKey) yield* this.#liveKeys.iterate(bucket, from, endOf(start), now)
      else if (compareKeys(after, start) < 0) yield* this.#liveKey.iterate(bucket, start, now)
    }
  }

  /** The kept revisions of a key below `before`, newest first, without values past their time. */
  history({ before = Number.MAX_SAFE_INTEGER, ...query }: HistoryKey): IterableIterator<ReadRow> {
    return this.#history.iterate({ ...query, before })
  }
}

/** Which revisions of which key. */
interface HistoryKey {
  name: string
  key: string
  before: number | undefined
  now: number
  limit: number
}

/** What follows every key that starts with a prefix: '/' is what comes after '.'. */
function endOf(prefix: string): string | Uint8Array {
  return prefix === '' ? AFTER_ALL : `${prefix.slice(0, -1)}/`
}
