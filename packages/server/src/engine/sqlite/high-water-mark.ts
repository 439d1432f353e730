import { closeSync, constants, fdatasyncSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { writeAtomically } from './files'
import { refused } from './refusal'

/** The file of the high-water mark in the data directory. */
export const MARK_FILE = 'ironflow.mark'

/** Distance of the two slots: a page of the disk each, so that a write that is cut off damages one of them at most. */
const SLOT_BYTES = 4096

/** Room for a slot's line: `<revision> <written back> <epoch> <CRC-32 of these, hexadecimal>`. */
const LINE_BYTES = 128
const LINE = /^((\d+) (\d+) ([\da-z]+)) ([\da-f]{8})\n/

/** Milliseconds between two marks while the store is written to. */
const INTERVAL_MS = 1_000

/** What is known of a store's present life from outside its database and log. */
export interface Mark {
  /** The newest revision that is known to be committed. */
  readonly revision: number
  /** The newest revision that is known to be in the database's own file, without the log. */
  readonly writtenBack: number
}

const NO_MARK: Mark = { revision: 0, writtenBack: 0 }

/**
 * Reads the mark of a store. Marks of other epochs do not count, and where there is no file, such as in a store of an
 * older version, nothing is known.
 *
 * @throws unavailable where the file is there and cannot be read
 */
export function readMark(directory: string, epoch: string): Mark {
  const path = join(directory, MARK_FILE)
  const marks = slotsIn(path)
  if (marks.length === 0) throw unreadable(path, 'it is damaged')
  const mine = marks.filter((mark) => mark.epoch === epoch)
  return {
    revision: Math.max(0, ...mine.map(({ revision }) => revision)),
    writtenBack: Math.max(0, ...mine.map(({ writtenBack }) => writtenBack)),
  }
}

type Slot = Mark & { readonly epoch: string | undefined }

function slotsIn(path: string): Slot[] {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    return [...slotIn(file, 0), ...slotIn(file, 1)]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [{ ...NO_MARK, epoch: undefined }]
    throw unreadable(path, (error as Error).message, error)
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

function slotIn(file: number, slot: number): Slot[] {
  const bytes = Buffer.alloc(LINE_BYTES)
  readSync(file, bytes, 0, LINE_BYTES, slot * SLOT_BYTES)
  const [, content, revision, writtenBack, epoch, checksum] = LINE.exec(bytes.toString('latin1')) ?? []
  if (content === undefined || checksum !== checksumOf(content)) return []
  return [{ revision: Number(revision), writtenBack: Number(writtenBack), epoch }]
}

function unreadable(path: string, reason: string, cause?: unknown): Error {
  return refused(
    `${path} cannot be read (${reason}), so it is not known whether acknowledged writes are missing; put it right, or remove it if ironflow.db and ironflow.db-wal are whole, and start again`,
    cause,
  )
}

function lineOf({ revision, writtenBack }: Mark, epoch: string): string {
  const content = `${revision} ${writtenBack} ${epoch}`
  return `${content} ${checksumOf(content)}\n`
}

function checksumOf(content: string): string {
  return crc32(content).toString(16).padStart(8, '0')
}

/**
 * Notes the newest committed revision in a file beside the database, so that the loss of the log, and with it of
 * acknowledged writes, is noticed at the next start. Written after the commit and without waiting for the disk: it may
 * be behind the database, never ahead of it. A failure leaves an older mark; the first one is reported.
 */
export class HighWaterMark {
  readonly #directory: string
  readonly #epoch: string
  readonly #onFailure: (error: Error) => void
  #mark: Mark
  #file: number | undefined
  #slot = 0
  #hasFailed = false
  #writtenAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined

  constructor(directory: string, epoch: string, mark: Mark, onFailure: (error: Error) => void) {
    this.#directory = directory
    this.#epoch = epoch
    this.#mark = mark
    this.#onFailure = onFailure
  }

  /** Notes a newer revision: at once, or a second after the one before. */
  note(revision: number): void {
    if (revision === this.#mark.revision) return
    this.#mark = { ...this.#mark, revision }
    if (this.#timer) return
    const wait = this.#writtenAt + INTERVAL_MS - performance.now()
    if (wait > 0) this.#timer = setTimeout(() => this.#write(), wait)
    else this.#write()
  }

  /** Writes a mark and waits for the disk. `isWrittenBack`: the database's own file has all of it. */
  noteDurably(revision: number, isWrittenBack: boolean): void {
    this.#mark = { revision, writtenBack: isWrittenBack ? revision : this.#mark.writtenBack }
    this.#write(true)
    this.#writtenAt = Number.NEGATIVE_INFINITY
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  /** Writes into the two slots in turns. */
  #write(durably = false): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#writtenAt = performance.now()
    try {
      this.#file ??= this.#open()
      writeSync(this.#file, lineOf(this.#mark, this.#epoch), this.#slot * SLOT_BYTES, 'latin1')
      if (durably) fdatasyncSync(this.#file)
      this.#slot = 1 - this.#slot
    } catch (error) {
      this.close()
      if (!this.#hasFailed) this.#onFailure(error as Error)
      this.#hasFailed = true
    }
  }

  /** A file that is there has a mark, always: after a crash, one without is damaged. */
  #open(): number {
    const path = join(this.#directory, MARK_FILE)
    try {
      return openSync(path, constants.O_RDWR)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      writeAtomically(path, lineOf(this.#mark, this.#epoch))
      return openSync(path, constants.O_RDWR)
    }
  }
}
