import { accessSync, closeSync, constants, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { refused } from './refusal'

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

/**
 * Makes a directory, and those above it, where they are not there; only its owner may look into it.
 *
 * @throws unavailable where it is there and cannot be written, such as on a file system that is mounted read-only
 */
export function makeDirectory(path: string): void {
  const topmost = mkdirSync(path, { recursive: true, mode: 0o700 })
  checkWritable(path)
  if (topmost === undefined) return
  // A directory whose own name a crash undoes takes with it whatever was made durable inside.
  for (let made = path; made.startsWith(topmost); made = dirname(made)) syncDirectory(dirname(made))
}

function checkWritable(directory: string): void {
  try {
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const reason = (error as Error).message
    throw refused(`the data directory ${directory} cannot be written: ${reason}; the data is untouched`, error)
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
