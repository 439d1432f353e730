import { type BucketConfig, type BucketRecord, epochOf, mergeConfig } from '../bucket-config'
import type { Database } from './database'

/** A bucket as the worker keeps it while it commits. */
export interface BucketState {
  readonly id: number
  name: string
  config: BucketConfig
  readonly createdAt: number
  readonly createdRevision: number
  floor: number
  values: number
  bytes: number
  /** Keys after this one are yet to be brought in line with the options; `null`: all are. */
  staleAfter: string | null
}

/** A row of `buckets`, with the columns named as in {@link BUCKET_COLUMNS}. */
export interface BucketRow {
  id: number
  name: string
  description: string | null
  ttlSeconds: number | null
  history: number
  maxBytes: number | null
  maxValueSize: number
  createdAt: number
  createdRevision: number
  floor: number
  values: number
  bytes: number
  staleAfter: string | null
}

/** Selects a {@link BucketRow}. */
export const BUCKET_COLUMNS = `id, name, description, ttl_seconds AS ttlSeconds, history, max_bytes AS maxBytes,
  max_value_size AS maxValueSize, created_at AS createdAt, created_revision AS createdRevision, floor,
  value_count AS "values", value_bytes AS bytes, stale_after AS staleAfter`

/** The name of a bucket that is removed, while its rows are. No caller's name has a space. */
const REMOVED = ' removed '

/** Whether a bucket is removed, and only its rows are still to go. */
export function isRemoved({ name }: BucketState): boolean {
  return name.startsWith(REMOVED)
}

/** A bucket's options as they are stored. */
export function configOf(row: BucketRow): BucketConfig {
  return {
    description: row.description ?? undefined,
    ttlSeconds: row.ttlSeconds ?? undefined,
    history: row.history,
    maxBytes: row.maxBytes ?? undefined,
    maxValueSize: row.maxValueSize,
  }
}

/** A bucket as the engine's callers see it. */
export function recordOf(bucket: Omit<BucketState, 'id' | 'floor' | 'staleAfter'>, storeEpoch: string): BucketRecord {
  const { name, config, createdAt, createdRevision, values, bytes } = bucket
  const epoch = epochOf(storeEpoch, createdRevision)
  return { name, epoch, ...config, createdAt, createdRevision, values, bytes }
}

/**
 * The buckets, as the worker's open transaction has them: read once, changed in memory, and written back in one go at
 * its end, so that a hundred writes to a bucket count its values once.
 */
export class BucketTable {
  readonly #byName = new Map<string, BucketState>()
  readonly #byId = new Map<number, BucketState>()
  readonly #changed = new Set<BucketState>()
  readonly #sql

  constructor(db: Database) {
    this.#sql = {
      byName: db.prepare<[string], BucketRow>(`SELECT ${BUCKET_COLUMNS} FROM buckets WHERE name = ?`),
      byId: db.prepare<[number], BucketRow>(`SELECT ${BUCKET_COLUMNS} FROM buckets WHERE id = ?`),
      insert: db.prepare(
        `INSERT INTO buckets (name, history, max_value_size, created_at, created_revision, floor, value_count, value_bytes)
         VALUES (?, 1, 0, ?, ?, ?, 0, 0)`,
      ),
      update: db.prepare(
        `UPDATE buckets SET description = ?, ttl_seconds = ?, history = ?, max_bytes = ?, max_value_size = ?, floor = ?,
         value_count = ?, value_bytes = ?, stale_after = ? WHERE id = ?`,
      ),
      rename: db.prepare('UPDATE buckets SET name = ? WHERE id = ?'),
      stale: db.prepare<[], BucketRow>(`SELECT ${BUCKET_COLUMNS} FROM buckets WHERE stale_after IS NOT NULL LIMIT 1`),
      // '!' is what comes after ' ': between the two is everything that starts with the prefix.
      removed: db.prepare<[], BucketRow>(
        `SELECT ${BUCKET_COLUMNS} FROM buckets WHERE name > '${REMOVED}' AND name < '${REMOVED.trimEnd()}!' LIMIT 1`,
      ),
      delete: db.prepare('DELETE FROM buckets WHERE id = ?'),
    }
  }

  get(name: string): BucketState | undefined {
    return this.#byName.get(name) ?? this.#load(this.#sql.byName.get(name))
  }

  byId(id: number): BucketState | undefined {
    return this.#byId.get(id) ?? this.#load(this.#sql.byId.get(id))
  }

  add(name: string, config: BucketConfig, createdAt: number, createdRevision: number): BucketState {
    const { lastInsertRowid } = this.#sql.insert.run(name, createdAt, createdRevision, createdRevision)
    const floor = createdRevision
    const counts = { values: 0, bytes: 0, staleAfter: null }
    const id = Number(lastInsertRowid)
    const bucket = { id, name, config: mergeConfig(config, {}), createdAt, createdRevision, floor, ...counts }
    this.#keep(bucket)
    this.touch(bucket)
    return bucket
  }

  /** Notes that a bucket was changed and is to be written back. */
  touch(bucket: BucketState): void {
    this.#changed.add(bucket)
  }

  /** A bucket whose keys are to be brought in line with its options. */
  stale(): BucketState | undefined {
    this.flush()
    const row = this.#sql.stale.get()
    return row && this.byId(row.id)
  }

  /** A bucket that is removed and has rows left. */
  removed(): BucketState | undefined {
    const row = this.#sql.removed.get()
    return row && this.byId(row.id)
  }

  /** Takes a bucket's name from it: no reader finds it any more, and another one can be made. */
  remove(bucket: BucketState): void {
    this.#byName.delete(bucket.name)
    bucket.name = `${REMOVED}${bucket.id}`
    bucket.staleAfter = null
    this.#byName.set(bucket.name, bucket)
    this.#sql.rename.run(bucket.name, bucket.id)
    this.touch(bucket)
  }

  delete(bucket: BucketState): void {
    this.#sql.delete.run(bucket.id)
    this.#byName.delete(bucket.name)
    this.#byId.delete(bucket.id)
    this.#changed.delete(bucket)
  }

  /** Writes back what changed; before the commit. */
  flush(): void {
    for (const { id, config, floor, values, bytes, staleAfter } of this.#changed) {
      const { description, ttlSeconds, history, maxBytes, maxValueSize } = config
      const limits = [ttlSeconds ?? null, history, maxBytes ?? null, maxValueSize]
      this.#sql.update.run(description ?? null, ...limits, floor, values, bytes, staleAfter, id)
    }
    this.#changed.clear()
  }

  /** Forgets everything, after a rollback. */
  reset(): void {
    this.#byName.clear()
    this.#byId.clear()
    this.#changed.clear()
  }

  #load(row: BucketRow | undefined): BucketState | undefined {
    if (!row) return undefined
    const { id, name, createdAt, createdRevision, floor, values, bytes, staleAfter } = row
    return this.#keep({ id, name, config: configOf(row), createdAt, createdRevision, floor, values, bytes, staleAfter })
  }

  #keep(bucket: BucketState): BucketState {
    this.#byName.set(bucket.name, bucket)
    this.#byId.set(bucket.id, bucket)
    return bucket
  }
}
