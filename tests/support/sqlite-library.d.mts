/** A database, as far as tests look into it. */
export interface Database {
  prepare(sql: string): { all(): unknown[] }
  close(): void
}

/** The class of databases of the library that the server has under this Node.js. */
export const SqliteDatabase: { prototype: Database }

/** Opens a database to read it. */
export function openReadOnly(path: string): Database
