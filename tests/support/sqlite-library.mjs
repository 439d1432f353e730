import { createRequire } from 'node:module'

const require = createRequire(new URL('../../packages/server/package.json', import.meta.url))

const isBuiltIn = Number.parseInt(process.versions.node, 10) >= 24

/** The class of databases of the library that the server has under this Node.js. */
export const SqliteDatabase = isBuiltIn ? require('node:sqlite').DatabaseSync : require('@ironflow/sqlite-native')

/** Opens a database to read it. The libraries spell the option differently, and each refuses the other's spelling. */
export function openReadOnly(path) {
  return new SqliteDatabase(path, isBuiltIn ? { readOnly: true } : { readonly: true })
}
