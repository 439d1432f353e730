import { AppliedWrites, ONCE_WINDOW_MS } from '../applied-writes'
import type { Database } from './database'
import type { Failure, Outcome } from './messages'

/** Rows that are deleted together, so that not every commit writes to the beginning of the table. */
const DELETE_ROWS = 64

type Result = Exclude<Outcome, Failure>

interface Row {
  id: number
  at: number
}

/**
 * Results of the writes of the last two minutes, kept across a restart: looked up in memory, and written as one row for
 * each commit.
 */
export class AppliedTable {
  readonly #results = new AppliedWrites<Result>()
  readonly #sql
  /** Oldest first. */
  readonly #rows: Row[] = []
  /** Of the transaction that is open. */
  #added: [once: string, result: Result][] = []

  constructor(db: Database) {
    this.#sql = {
      insert: db.prepare<[number, string]>('INSERT INTO applied (at, results) VALUES (?, ?)'),
      deleteThrough: db.prepare<[number]>('DELETE FROM applied WHERE id <= ?'),
    }
    const rows = db.prepare<[], Row & { results: string }>('SELECT id, at, results FROM applied ORDER BY id')
    for (const { id, at, results } of rows.iterate()) {
      this.#rows.push({ id, at })
      for (const [once, result] of JSON.parse(results) as [string, Result][]) this.#results.add(once, result, at)
    }
  }

  find(once: string, now: number): Result | undefined {
    return this.#results.find(once, now)
  }

  add(once: string, result: Result, now: number): void {
    this.#results.add(once, result, now)
    this.#added.push([once, result])
  }

  /** Writes what was added, and forgets what is past its time; before the commit. */
  flush(now: number): void {
    if (this.#added.length === 0) return
    const { lastInsertRowid } = this.#sql.insert.run(now, JSON.stringify(this.#added))
    this.#rows.push({ id: Number(lastInsertRowid), at: now })
    this.#added = []
    const isOver = (row: Row | undefined) => row !== undefined && row.at <= now - ONCE_WINDOW_MS
    if (!isOver(this.#rows[DELETE_ROWS])) return
    const over = this.#rows.findIndex((row) => !isOver(row))
    for (const { id } of this.#rows.splice(0, over).slice(-1)) this.#sql.deleteThrough.run(id)
  }

  /** Forgets what was added, after a rollback. */
  reset(): void {
    for (const [once] of this.#added) this.#results.delete(once)
    this.#added = []
  }
}
