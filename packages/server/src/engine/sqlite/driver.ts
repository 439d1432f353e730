import { loadBuiltInDriver } from './built-in-driver'
import type { Database, Driver, OpenOptions } from './database'
import { loadNativeDriver } from './native-driver'

/** First version of Node.js whose `node:sqlite` needs no flag and prints no warning. */
const BUILT_IN_SINCE = 24

let driver: Driver | undefined

/**
 * Opens a database file, with the SQLite of Node.js where it has one, and with `better-sqlite3` where not.
 *
 * @throws what the library throws: see `sqliteCode`; unavailable where no library works here
 */
export function openDatabase(path: string, options: OpenOptions = {}): Database {
  const { readonly = false, mustExist = false, busyTimeoutMs = 0 } = options
  driver ??= Number.parseInt(process.versions.node, 10) >= BUILT_IN_SINCE ? loadBuiltInDriver() : loadNativeDriver()
  return driver(path, { readonly, mustExist, busyTimeoutMs })
}
