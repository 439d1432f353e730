import Database from 'better-sqlite3'

// The worker as it is, but for one thing: it dies in its second commit, just before that would be true.
const { exec } = Database.prototype
let commits = 0
Database.prototype.exec = function (sql) {
  if (sql === 'COMMIT' && ++commits === 2) process.exit(1)
  return exec.call(this, sql)
}
await import('../../../src/engine/sqlite/worker')
