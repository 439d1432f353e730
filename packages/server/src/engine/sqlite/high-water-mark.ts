import { closeSync, constants, fdatasyncSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

/** The file of the high-water mark in the data directory. */
export const MARK_FILE = 'ironflow.mark'

/** Distance of the two slots: a page of the disk each, so that a write that is cut off damages one of them at most. */
const SLOT_BYTES = 4096

/** Room for a slot's line: `<revision> <epoch> <CRC-32 of both, hexadecimal>`. */
const LINE_BYTES = 128

/**
 * Returns the newest revision that a store is known to have committed in its present life, from outside its database
 * and log; 0 where that is not known, such as in a store of an older version. Marks of other epochs do not count.
 */
export function readMark(directory: string, epoch: string): number {
  let file: number
  try {
    file = openSync(join(directory, MARK_FILE), 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
  try {
    return Math.max(revisionIn(file, 0, epoch), revisionIn(file, 1, epoch))
  } finally {
    closeSync(file)
  }
}

function revisionIn(file: number, slot: number, epoch: string): number {
  const line = Buffer.alloc(LINE_BYTES)
  readSync(file, line, 0, LINE_BYTES, slot * SLOT_BYTES)
  const revision = Number.parseInt(line.toString('latin1'), 10)
  const expected = lineOf(revision, epoch)
  return line.toString('latin1', 0, expected.length) === expected ? revision : 0
}

function lineOf(revision: number, epoch: string): string {
  const content = `${revision} ${epoch}`
  return `${content} ${crc32(content).toString(16).padStart(8, '0')}\n`
}

/**
 * Notes the newest committed revision in a file beside the database, so that the loss of the log, and with it of
 * acknowledged writes, is noticed at the next start. Written after the commit and without waiting for the disk: it may
 * be behind the database, never ahead of it. Failures are ignored, since they leave an older mark.
 */
export class HighWaterMark {
  readonly #directory: string
  readonly #epoch: string
  #file: number | undefined
  #slot = 0

  constructor(directory: string, epoch: string) {
    this.#directory = directory
    this.#epoch = epoch
  }

  /** Writes the mark, into the two slots in turns; `durably`: waits for the disk. */
  write(revision: number, durably = false): void {
    try {
      this.#file ??= openSync(join(this.#directory, MARK_FILE), constants.O_RDWR | constants.O_CREAT, 0o600)
      writeSync(this.#file, lineOf(revision, this.#epoch), this.#slot * SLOT_BYTES, 'latin1')
      if (durably) fdatasyncSync(this.#file)
      this.#slot = 1 - this.#slot
    } catch {
      this.close()
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }
}
