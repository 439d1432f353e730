/** Names of SQLite's primary result codes, by number (sqlite.org/rescode.html). */
const PRIMARY = [
  'OK ERROR INTERNAL PERM ABORT BUSY LOCKED NOMEM READONLY INTERRUPT IOERR CORRUPT NOTFOUND FULL CANTOPEN PROTOCOL EMPTY',
  'SCHEMA TOOBIG CONSTRAINT MISMATCH MISUSE NOLFS AUTH FORMAT RANGE NOTADB',
].flatMap((names) => names.split(' '))

const IOERR = PRIMARY.indexOf('IOERR')

/** Names of the variants of `IOERR`, by number, from 1. */
const IOERR_VARIANTS = [
  'READ SHORT_READ WRITE FSYNC DIR_FSYNC TRUNCATE FSTAT UNLOCK RDLOCK DELETE BLOCKED NOMEM ACCESS CHECKRESERVEDLOCK LOCK',
  'CLOSE DIR_CLOSE SHMOPEN SHMSIZE SHMLOCK SHMMAP SEEK DELETE_NOENT MMAP GETTEMPPATH CONVPATH VNODE AUTH BEGIN_ATOMIC',
  'COMMIT_ATOMIC ROLLBACK_ATOMIC DATA CORRUPTFS',
].flatMap((names) => names.split(' '))

/**
 * Returns the name of the SQLite result code behind an error of either library, such as `SQLITE_FULL` or
 * `SQLITE_IOERR_WRITE`; `undefined` for any other error. `node:sqlite` has only the number, and of that the variant is
 * named for I/O errors alone.
 */
export function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  if (error.code.startsWith('SQLITE_')) return error.code
  if (!('errcode' in error) || typeof error.errcode !== 'number') return undefined
  const primary = error.errcode & 0xff
  const variant = primary === IOERR ? IOERR_VARIANTS[(error.errcode >> 8) - 1] : undefined
  return ['SQLITE', PRIMARY[primary] ?? primary, variant].filter((part) => part !== undefined).join('_')
}

/** Whether an error code of SQLite means that the database itself is damaged, rather than that it cannot be reached. */
export function isDamage(code: string | undefined): boolean {
  return code?.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB'
}

/** Whether an error code of SQLite means that the disk is full: also for the file of shared memory beside the log. */
export function isFull(code: string | undefined): boolean {
  return code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE'
}
