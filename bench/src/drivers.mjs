import { nodeExecutable } from '../../scripts/node-executable.mjs'

/** First version of Node.js whose own SQLite the store uses. */
const BUILT_IN_SINCE = 24

/**
 * Measures rows for each SQLite library that can be under the store: `better-sqlite3`, which is installed for this
 * version of Node.js, and `node:sqlite`.
 *
 * @typedef {{ name: string, node: string }} Driver the name for a row, and the executable of Node.js that uses it
 * @param {(driver: Driver) => Promise<import('./table.mjs').Row[]>} measure
 * @returns the rows of all, the first library's first
 */
export async function underEachDriver(measure) {
  const builtIn = { name: 'node:sqlite', node: process.execPath }
  if (Number.parseInt(process.versions.node, 10) >= BUILT_IN_SINCE) return measure(builtIn)
  const native = await measure({ name: 'better-sqlite3', node: process.execPath })
  return [...native, ...(await measure({ ...builtIn, node: await nodeExecutable(`${BUILT_IN_SINCE}`) }))]
}
