import { createRequire } from 'node:module'

const require = createRequire(new URL('../../packages/server/package.json', import.meta.url))

/** The class of databases of the library that the server has under this Node.js. */
export const SqliteDatabase =
  Number.parseInt(process.versions.node, 10) >= 24
    ? require('node:sqlite').DatabaseSync
    : require('@ironflow/sqlite-native')
