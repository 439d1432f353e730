import type { Database } from '../../../src/engine/sqlite/database'
import { openDatabase } from '../../../src/engine/sqlite/driver'

// The worker as it is, but for one thing: it dies in its second commit, just before that would be true.
const prototype: Database = Object.getPrototypeOf(openDatabase(':memory:'))
const { exec } = prototype
let commits = 0
prototype.exec = function (sql) {
  if (sql === 'COMMIT' && ++commits === 2) process.exit(1)
  return exec.call(this, sql)
}
await import('../../../src/engine/sqlite/worker')
