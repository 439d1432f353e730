import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { Database, Driver } from './database'
import { refused } from './refusal'

/** The part of `node:sqlite` that is used. */
interface NodeSqlite {
  DatabaseSync: new (path: string | URL, options: { readOnly: boolean; timeout: number }) => DatabaseSync
}

interface DatabaseSync extends Omit<Database, 'inTransaction'> {
  readonly isTransaction: boolean
}

/**
 * Loads `node:sqlite`, which Node.js brings along.
 *
 * @throws unavailable where it was left out when this Node.js was built
 */
export function loadBuiltInDriver(): Driver {
  const { DatabaseSync } = load()

  class BuiltInDatabase extends DatabaseSync implements Database {
    get inTransaction(): boolean {
      return this.isTransaction
    }
  }

  return (path, { readonly, mustExist, busyTimeoutMs }) => {
    // `mode=rw` opens a file and never makes one (sqlite.org/uri.html).
    const place = mustExist && !readonly ? new URL(`${pathToFileURL(path).href}?mode=rw`) : path
    return new BuiltInDatabase(place, { readOnly: readonly, timeout: busyTimeoutMs })
  }
}

function load(): NodeSqlite {
  try {
    return createRequire(import.meta.url)('node:sqlite')
  } catch (error) {
    throw refused(
      `Node.js ${process.versions.node} was built without node:sqlite (${(error as Error).message}); use a build of Node.js that has it, such as those from nodejs.org. The data is untouched`,
      error,
    )
  }
}
