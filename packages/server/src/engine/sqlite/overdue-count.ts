import type { Database, Statement } from './database'

/** Values that are counted at most, for some milliseconds' worth; of more, the rest counts until its expiry is committed. */
const COUNT_LIMIT = 50_000

/** Values of a bucket: how many, and their bytes. */
export interface Overdue {
  values: number
  bytes: number
}

/** Counts values that are past their time with their expiry not committed: those of one bucket, whatever others hold. */
export class OverdueCount {
  readonly #count: Statement<[number, number, number], Overdue>

  constructor(db: Database) {
    this.#count = db.prepare<[number, number, number], Overdue>(
      `SELECT count(*) AS "values", ifnull(sum(bytes), 0) AS bytes FROM (
         SELECT bytes FROM keys INDEXED BY keys_by_bucket_expiry
         WHERE bucket = ? AND expires_at <= ? ORDER BY expires_at LIMIT ?)`,
    )
  }

  /** Returns those of a bucket. */
  of(bucket: number, now: number): Overdue {
    return this.#of(bucket, now, COUNT_LIMIT)
  }

  /** Returns those of each of several buckets; the limit is for all of them together. */
  ofEach(buckets: readonly number[], now: number): Overdue[] {
    let left = COUNT_LIMIT
    return buckets.map((bucket) => {
      const overdue = this.#of(bucket, now, left)
      left -= overdue.values
      return overdue
    })
  }

  #of(bucket: number, now: number, limit: number): Overdue {
    return this.#count.get(bucket, now, limit) ?? { values: 0, bytes: 0 }
  }
}
