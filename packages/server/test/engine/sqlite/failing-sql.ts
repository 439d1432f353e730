import { onTestFinished, vi } from 'vitest'
import type { Database } from '../../../src/engine/sqlite/database'
import { openDatabase } from '../../../src/engine/sqlite/driver'

/** Makes the next statements that start so fail, in every database, as they do when the disk does. */
export function failingSql(start: string, code: string, times = Number.POSITIVE_INFINITY): void {
  const prototype = databasePrototype()
  const { exec, prepare } = prototype
  let left = times
  const check = (sql: string) => {
    if (sql.startsWith(start) && left-- > 0) throw Object.assign(new Error('it failed'), { code })
  }
  const spies = [
    vi.spyOn(prototype, 'exec').mockImplementation(function (this: Database, sql) {
      check(sql)
      exec.call(this, sql)
    }),
    vi.spyOn(prototype, 'prepare').mockImplementation(function (this: Database, sql) {
      check(sql)
      return prepare.call(this, sql)
    }),
  ]
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore()
  })
}

/** What the databases of the library in use have in common. */
function databasePrototype(): Database {
  const db = openDatabase(':memory:')
  db.close()
  return Object.getPrototypeOf(db)
}
