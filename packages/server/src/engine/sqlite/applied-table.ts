import { AppliedWrites, ONCE_WINDOW_MS } from '../applied-writes'
import { type Applied, packResults, unpackResults } from './applied-row'
import type { Database } from './database'
import type { Moment } from './messages'

/** Rows that are deleted together, so that not every commit writes to the beginning of the table. */
const DELETE_ROWS = 64

/** A row by its id, and when it was written. */
interface Row {
  readonly id: number
  readonly uptime: number
}

/**
 * Results of the writes of the last two minutes, kept across a restart: looked up in memory, and written as one row for
 * each commit. Their age is measured with the monotonic clock; a row from before the start has only its wall clock's
 * time, and one from the future counts as just written.
 */
export class AppliedTable {
  readonly #results: AppliedWrites<Applied>
  readonly #sql
  /** Oldest first. */
  readonly #rows: Row[]
  /** Of the transaction that is open. */
  #added: [once: string, result: Applied][] = []
  #addedAt: Moment
  /** Whether it has its row. */
  #isFlushed = false

  /** @param before the table of the same store as this process had it open until now; absent: read it */
  constructor(db: Database, openedAt: Moment, before?: AppliedTable) {
    this.#sql = {
      insert: db.prepare<[number, string]>('INSERT INTO applied (at, results) VALUES (?, ?)'),
      deleteThrough: db.prepare<[number]>('DELETE FROM applied WHERE id <= ?'),
    }
    this.#addedAt = openedAt
    this.#results = before ? before.#results : new AppliedWrites()
    this.#rows = before ? before.#rows : []
    if (before) before.reset()
    else this.#read(db, openedAt)
  }

  find(once: string, uptime: number): Applied | undefined {
    return this.#results.find(once, uptime)
  }

  add(once: string, result: Applied, at: Moment): void {
    this.#results.add(once, result, at.uptime)
    this.#added.push([once, result])
    this.#addedAt = at
  }

  /** Writes what was added, and forgets what is past its time; before the commit. */
  flush(): void {
    if (this.#added.length === 0) return
    const { now, uptime } = this.#addedAt
    const { lastInsertRowid } = this.#sql.insert.run(now, packResults(this.#added, now))
    this.#rows.push({ id: Number(lastInsertRowid), uptime })
    this.#isFlushed = true
    const isOver = (row: Row | undefined) => row !== undefined && row.uptime <= uptime - ONCE_WINDOW_MS
    if (!isOver(this.#rows[DELETE_ROWS])) return
    const over = this.#rows.findIndex((row) => !isOver(row))
    for (const { id } of this.#rows.splice(0, over).slice(-1)) this.#sql.deleteThrough.run(id)
  }

  /** Starts after a commit. */
  begin(): void {
    this.#added = []
    this.#isFlushed = false
  }

  /** Forgets what was added, after a rollback. */
  reset(): void {
    for (const [once] of this.#added) this.#results.delete(once)
    if (this.#isFlushed) this.#rows.pop()
    this.begin()
  }

  #read(db: Database, { now, uptime }: Moment): void {
    const rows = db.prepare<[], { id: number; at: number; results: string }>(
      'SELECT id, at, results FROM applied ORDER BY id',
    )
    let newest = Number.NEGATIVE_INFINITY
    for (const { id, at, results } of rows.iterate()) {
      newest = Math.max(newest, uptime - Math.max(0, now - at))
      this.#rows.push({ id, uptime: newest })
      for (const [once, result] of unpackResults(results, at)) this.#results.add(once, result, newest)
    }
  }
}
