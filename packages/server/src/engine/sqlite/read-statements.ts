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
  /** Of the value; `null`: there is none. */
  bytes: number | null
  expiresAt: number | null
}

const PLACE_COLUMNS = 'key, revision, bytes, expires_at AS expiresAt'

/** Every statement with which the main thread reads. */
export class ReadStatements {
  readonly revision: Statement<[], { revision: number }>
  readonly bucket: Statement<[string], BucketRow>
  readonly buckets: Statement<[string, number, string, number], BucketRow>
  readonly newest: Statement<[string, string], ReadRow>
  readonly atRevision: Statement<[number, string, string], ReadRow>
  readonly entry: Statement<[number, string], ReadRow>
  /** As `entry`, without the value, which may be large. */
  readonly bareEntry: Statement<[number, string], ReadRow>
  readonly due: Statement<[number], unknown>
  readonly forgettable: Statement<[number], unknown>
  readonly #changes: Statement<[number, number, number, number, number], ReadRow>
  readonly #revisionAfter: Statement<[number, number, number], { revision: number }>
  readonly #keys: Statement<[number, string, string | Uint8Array], KeyPlace>
  readonly #key: Statement<[number, string], KeyPlace>
  readonly #history: Statement<[Record<string, unknown>], ReadRow>

  constructor(db: Database) {
    this.revision = db.prepare<[], { revision: number }>('SELECT revision FROM state')
    this.bucket = db.prepare<[string], BucketRow>(`SELECT ${BUCKET_COLUMNS} FROM buckets WHERE name = ?`)
    this.buckets = db.prepare<[string, number, string, number], BucketRow>(
      `SELECT ${BUCKET_COLUMNS} FROM buckets WHERE name > ? AND substr(name, 1, ?) = ? ORDER BY name LIMIT ?`,
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
    this.#changes = db.prepare<[number, number, number, number, number], ReadRow>(
      `SELECT ${COLUMNS} FROM keys k JOIN buckets b ON b.id = k.bucket JOIN entries e ON e.revision = k.revision
       WHERE k.bucket = ? AND k.revision > ? AND k.revision <= ? AND (k.expires_at IS NULL OR k.expires_at > ?)
       AND ifnull(expiresAt > ?, TRUE) ORDER BY k.revision`,
    )
    this.#revisionAfter = db.prepare<[number, number, number], { revision: number }>(
      'SELECT revision FROM keys WHERE bucket = ? AND revision > ? ORDER BY revision LIMIT 1 OFFSET ?',
    )
    this.due = db.prepare<[number], unknown>('SELECT 1 FROM keys WHERE expires_at <= ? LIMIT 1')
    this.forgettable = db.prepare<[number], unknown>('SELECT 1 FROM keys WHERE deleted_at <= ? LIMIT 1')
    this.#keys = db.prepare<[number, string, string | Uint8Array], KeyPlace>(
      `SELECT ${PLACE_COLUMNS} FROM keys WHERE bucket = ? AND key > ? AND key < ? ORDER BY key`,
    )
    this.#key = db.prepare<[number, string], KeyPlace>(`SELECT ${PLACE_COLUMNS} FROM keys WHERE bucket = ? AND key = ?`)
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

  /** The keys after `after` that are in one of the ranges, in order, also those without a value. */
  *keys(bucket: number, ranges: readonly KeyRange[], after = ''): Generator<KeyPlace> {
    for (const { start, isKey } of ranges) {
      const from = compareKeys(after, start) > 0 ? after : start
      // A prefix ends with a dot, which no key does: no key is equal to it.
      if (!isKey) yield* this.#keys.iterate(bucket, from, endOf(start))
      else if (compareKeys(after, start) < 0) yield* this.#key.iterate(bucket, start)
    }
  }

  /**
   * Returns the keys of a bucket by their newest revision, without values past their time: those after `after` up to
   * `through`. Values that are left out are not read.
   *
   * @param due the time up to which the expiries count that are stored with keys
   */
  changes({ bucket, after, through, due, now }: ChangesRange): IterableIterator<ReadRow> {
    return this.#changes.iterate(bucket, after, through, due, now)
  }

  /** Returns the last revision of a bucket before which there are so many keys after `after`; `undefined`: all are. */
  scanEnd(bucket: number, after: number, keys: number): number | undefined {
    const next = this.#revisionAfter.get(bucket, after, keys)
    return next && next.revision - 1
  }

  /** The kept revisions of a key below `before`, newest first, without values past their time. */
  history({ before = Number.MAX_SAFE_INTEGER, ...query }: HistoryKey): IterableIterator<ReadRow> {
    return this.#history.iterate({ ...query, before })
  }
}

/** Which keys of which bucket. */
interface ChangesRange {
  bucket: number
  after: number
  through: number
  due: number
  now: number
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
