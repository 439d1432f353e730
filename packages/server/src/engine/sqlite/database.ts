/**
 * The part of a synchronous SQLite library that the engine uses. `node:sqlite` and `better-sqlite3` both have it, and
 * their own objects are handed out: nothing is wrapped around a statement or a row.
 *
 * Both throw errors of their own, which `sqliteCode` reads. A blob is read as a `Uint8Array`, or a `Buffer`, which is one.
 */
export interface Database {
  /** True between `BEGIN` and the end of that transaction. */
  readonly inTransaction: boolean
  /** Runs statements of which no rows are wanted. */
  exec(sql: string): void
  prepare<P extends unknown[] = unknown[], R = unknown>(sql: string): Statement<P, R>
  close(): void
}

/**
 * A prepared statement: `P` are its parameters in order, or one object of named ones; `R` is a row. A parameter is a
 * string, a number, a `Uint8Array` or `null`.
 */
export interface Statement<P extends unknown[], R> {
  run(...params: P): { readonly lastInsertRowid: number | bigint }
  get(...params: P): R | undefined
  all(...params: P): R[]
  iterate(...params: P): IterableIterator<R>
}

/** How a file is opened. */
export interface OpenOptions {
  /** Refuses to write, and to open a file that is not there. */
  readonly?: boolean
  /** Refuses to make a file that is not there. */
  mustExist?: boolean
  /** Milliseconds to wait for another connection's lock. Default 0. */
  busyTimeoutMs?: number
}

/** Opens a database file with one of the libraries. */
export type Driver = (path: string, options: Required<OpenOptions>) => Database

/** Runs `work` in a transaction: commits what it did, or rolls back if it throws. */
export function inTransaction<T>(db: Database, work: () => T): T {
  db.exec('BEGIN')
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    // SQLite has rolled back by itself after some errors.
    if (db.inTransaction) db.exec('ROLLBACK')
    throw error
  }
}

/** Returns the value of a pragma. */
export function pragma(db: Database, name: string): unknown {
  const row = db.prepare<[], Record<string, unknown>>(`PRAGMA ${name}`).get()
  return row && Object.values(row)[0]
}
