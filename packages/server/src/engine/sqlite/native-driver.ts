import { createRequire } from 'node:module'
import type { Database, Driver } from './database'
import { refused } from './refusal'

/** The package that brings `better-sqlite3` to the versions of Node.js that need it. */
const PACKAGE = '@ironflow/sqlite-native'

const REINSTALL = 'run `npm install` (or `pnpm install`) with this version of Node.js and with optional dependencies'

/** pnpm runs the script that fetches or compiles the binding only where that was approved. */
const REBUILD =
  'run `npm rebuild better-sqlite3` (with pnpm: `pnpm approve-builds`, then `pnpm rebuild better-sqlite3`)'

/** The part of `better-sqlite3` that is used. */
type BetterSqlite3 = new (
  path: string,
  options: { readonly: boolean; fileMustExist: boolean; timeout: number },
) => Database

/**
 * Loads `better-sqlite3`, whose native binding is made for one version of Node.js.
 *
 * @throws unavailable where the package or its binding is missing, or the binding was made for another version
 */
export function loadNativeDriver(): Driver {
  const Native = load()
  return (path, { readonly, mustExist, busyTimeoutMs }) =>
    new Native(path, { readonly, fileMustExist: mustExist || readonly, timeout: busyTimeoutMs })
}

function load(): BetterSqlite3 {
  try {
    const Native: BetterSqlite3 = createRequire(import.meta.url)(PACKAGE)
    // The package loads its binding for the first database that is opened.
    new Native(':memory:', { readonly: false, fileMustExist: false, timeout: 0 }).close()
    return Native
  } catch (error) {
    throw refused(nativeProblem(error as NodeJS.ErrnoException), error)
  }
}

/** Returns what is wrong with the installation, and the command that mends it. */
export function nativeProblem({ code, message }: Pick<NodeJS.ErrnoException, 'code' | 'message'>): string {
  const node = `Node.js ${process.versions.node}`
  const end = '. The data is untouched. Node.js 24 and later needs no such package'
  if (code === 'MODULE_NOT_FOUND') return `${node} needs ${PACKAGE}, which is not installed; ${REINSTALL}${end}`
  const reason = message.replace(/\s+/g, ' ')
  if (code === 'ERR_DLOPEN_FAILED') return `better-sqlite3 was not made for ${node} (${reason}); ${REBUILD}${end}`
  return `better-sqlite3 has no binding for ${node} (${message.split('\n', 1)[0]}); ${REBUILD}${end}`
}
