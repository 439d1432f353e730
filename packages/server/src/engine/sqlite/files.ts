import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Waits until a file's content is on the disk. */
export function syncFile(path: string): void {
  // For writing, since Windows flushes nothing that was opened for reading.
  const descriptor = openSync(path, 'r+')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Waits until the names in a directory are on the disk: without it a crash may undo a rename. */
export function syncDirectory(path: string): void {
  // Windows opens no directories and needs no such thing.
  if (process.platform === 'win32') return
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Writes a file so that after a crash it is there as a whole, in its old form or in its new one. */
export function writeAtomically(path: string, text: string): void {
  const temporary = `${path}.tmp`
  writeFileSync(temporary, text, { mode: 0o600 })
  syncFile(temporary)
  renameSync(temporary, path)
  syncDirectory(dirname(path))
}
