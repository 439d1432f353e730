import { dirname } from 'node:path'
import { isIronflowError } from '@ironflow/core/errors'
import { checkNothingLost } from './data-loss'
import type { Database } from './database'
import { HighWaterMark, MARK_FILE } from './high-water-mark'
import type { BatchReport, Failure, Outcome, WorkerStart, Write } from './messages'
import { openForWriting, writeLogBack } from './open-database'
import { DATABASE_FILE, revisionOf } from './schema'
import { isDamage, isFull, sqliteCode } from './sqlite-codes'
import { Transaction } from './transaction'

/**
 * Commits batches. It owns the only connection that writes.
 *
 *              ┌──────────── commit ────────────┐
 *   opened ──► │ ready ── disk full ──► full    │ full: every write is tried, and the first that succeeds ends it
 *              │   └──── I/O error ───► broken  │ broken: every write fails until a probe has reopened the database
 *              └────────────────────────────────┘
 */
export class Writer {
  readonly #start: WorkerStart
  #db: Database
  #transaction: Transaction
  readonly #mark: HighWaterMark
  #revision: number
  #uptime = 0
  #trouble: { reason: string; broken: boolean } | undefined

  /** @param onWarning called once if the high-water mark cannot be written */
  constructor(start: WorkerStart, onWarning: (message: string) => void) {
    this.#start = start
    const mark = checkNothingLost(start)
    this.#db = openForWriting(start)
    this.#transaction = new Transaction(this.#db, start)
    this.#revision = this.#transaction.revision
    this.#mark = new HighWaterMark(dirname(start.path), start.epoch, mark, ({ message }) =>
      onWarning(`${MARK_FILE} cannot be written, so a loss of acknowledged writes may go unnoticed: ${message}`),
    )
    this.#mark.noteDurably(this.#revision, this.#isWrittenBack())
  }

  /** The newest revision that is committed. */
  get revision(): number {
    return this.#revision
  }

  /** @param uptime the engine's monotonic clock when the newest of them was sent */
  commit(writes: Write[], uptime: number): BatchReport {
    this.#uptime = uptime
    const started = performance.now()
    const before = this.#revision
    const { outcomes, expired } = this.#attempt(writes)
    const trouble = this.#trouble?.reason
    const durationMs = performance.now() - started
    return {
      kind: 'batch',
      outcomes,
      expired,
      writes: this.#revision - before,
      durationMs,
      revision: this.#revision,
      trouble,
      hasUpkeep: this.#transaction.hasUpkeep,
    }
  }

  /** Notes what is committed outside the database; after the batch was reported, which need not wait for it. */
  noteMark(): void {
    this.#mark.note(this.#revision)
  }

  /** Leaves everything in the database's file, where the disk allows. */
  close(): void {
    this.#mark.noteDurably(this.#revision, this.#isWrittenBack())
    this.#mark.close()
    this.#db.close()
  }

  #isWrittenBack(): boolean {
    try {
      return writeLogBack(this.#db)
    } catch {
      // The log is kept, and the next start reads it.
      return false
    }
  }

  #attempt(writes: Write[]): Pick<BatchReport, 'outcomes' | 'expired'> {
    if (this.#trouble?.broken && writes.some((write) => write.do === 'probe')) this.#reopen()
    if (this.#trouble?.broken) {
      const failure = unavailable(this.#trouble.reason)
      return { outcomes: writes.map(() => failure), expired: [] }
    }
    try {
      return this.#commitTogether(writes)
    } catch (error) {
      const failure = this.#abandon(error)
      if (writes.length === 1) return { outcomes: [failure], expired: [] }
      // One of them may be the reason (the one that no longer fits on the disk): each gets a transaction of its own.
      const alone = writes.map((write) => this.#attempt([write]))
      return {
        outcomes: alone.flatMap(({ outcomes }) => outcomes),
        expired: alone.flatMap(({ expired }, place) => expired.map((each) => ({ ...each, before: place }))),
      }
    }
  }

  #commitTogether(writes: Write[]): Pick<BatchReport, 'outcomes' | 'expired'> {
    const transaction = this.#transaction
    this.#db.exec('BEGIN IMMEDIATE')
    transaction.begin(this.#uptime)
    const outcomes = writes.map((write, place): Outcome => {
      try {
        return transaction.apply(write, place)
      } catch (error) {
        if (isIronflowError(error)) return failureOf(error)
        throw error
      }
    })
    transaction.flush()
    this.#db.exec('COMMIT')
    this.#revision = transaction.revision
    this.#trouble = undefined
    return { outcomes, expired: transaction.expired }
  }

  /** Undoes a transaction that failed, and finds out what that means for the next. */
  #abandon(error: unknown): Failure {
    const code = sqliteCode(error)
    try {
      // SQLite has rolled back by itself after some errors.
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK')
      this.#transaction.reset()
    } catch (second) {
      return this.#break(second)
    }
    const reason = (error as Error).message
    if (isFull(code)) {
      this.#trouble = { reason: 'the disk of the store is full', broken: false }
      return { kind: 'failed', code: 'storage_full', message: this.#trouble.reason }
    }
    if (code?.startsWith('SQLITE_IOERR') || isDamage(code)) return this.#break(error)
    if (code !== undefined) return unavailable(`the database refused the write: ${reason} (${code})`)
    return { kind: 'failed', code: 'internal', message: reason }
  }

  #break(error: unknown): Failure {
    const code = sqliteCode(error)
    const cause = code === undefined ? '' : ` (${code})`
    const reason = `the store cannot be written: ${(error as Error).message}${cause}`
    this.#trouble = { reason, broken: true }
    return unavailable(reason)
  }

  /** After an error of the disk nothing that this connection remembers is trusted: everything is read again. */
  #reopen(): void {
    try {
      this.#db.close()
      this.#db = openForWriting(this.#start)
      const revision = revisionOf(this.#db)
      if (revision !== this.#revision) {
        // Followers were never told of what a failed commit has left; a restart makes them read it.
        throw new Error(`${DATABASE_FILE} is at revision ${revision}, not ${this.#revision}: restart the server`)
      }
      this.#transaction = new Transaction(this.#db, this.#start, this.#transaction)
      this.#trouble = undefined
    } catch (error) {
      this.#break(error)
    }
  }
}

function unavailable(message: string): Failure {
  return { kind: 'failed', code: 'unavailable', message }
}

function failureOf(error: { code: Failure['code']; message: string }): Failure {
  const { code, message, currentRevision, details } = error as Failure
  return { kind: 'failed', code, message, currentRevision, details }
}
