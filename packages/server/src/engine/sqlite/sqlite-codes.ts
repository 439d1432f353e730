/** Whether an error code of SQLite means that the database itself is damaged, rather than that it cannot be reached. */
export function isDamage(code: string): boolean {
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB'
}

/** Whether an error code of SQLite means that the disk is full: also for the file of shared memory beside the log. */
export function isFull(code: string): boolean {
  return code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE'
}
