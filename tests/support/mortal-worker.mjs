import { isMainThread } from 'node:worker_threads'
import { SqliteDatabase } from './sqlite-library.mjs'

// Preloaded into a server (`node --import`): its thread that writes the database fails in the first commit that stores
// a key named `fatal`, with an error that no code expects.
if (!isMainThread) {
  const { prepare } = SqliteDatabase.prototype
  SqliteDatabase.prototype.prepare = function (sql) {
    const statement = prepare.call(this, sql)
    if (!sql.startsWith('INSERT INTO entries')) return statement
    const run = statement.run.bind(statement)
    statement.run = (...values) => {
      if (values.includes('fatal')) setImmediate(() => Promise.reject(new Error('out of the blue')))
      return run(...values)
    }
    return statement
  }
}
