import { closeSync, openSync, readSync } from 'node:fs'
import { PAGE_BYTES } from './schema'

/** The page of the table `state`: the second that is made, in a new database as in every copy. */
const STATE_PAGE = 3

/** Bytes of an integer by its serial type. */
const INTEGER_BYTES = [undefined, 1, 2, 3, 4, 6, 8]

/**
 * Returns the newest revision in the database's own file, without its log; `undefined` where that cannot be told.
 * SQLite itself always reads the two together. Not while this process has the database open: closing the file would
 * drop SQLite's locks.
 */
export function revisionInFile(path: string): number | undefined {
  // With room for a revision of any size behind the end, so that a damaged page is read no further.
  const page = Buffer.alloc(PAGE_BYTES + 8)
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    readSync(file, page, 0, PAGE_BYTES, (STATE_PAGE - 1) * PAGE_BYTES)
  } catch {
    // SQLite opens the file next, and its error says more.
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
  return revisionOn(page)
}

/**
 * Reads the one row on the page (sqlite.org/fileformat.html): a leaf of a table, whose one cell has the row's size, its
 * id, and its record: the header's size, the types of both columns, the revision. Each but the last takes one byte.
 */
function revisionOn(page: Buffer): number | undefined {
  const isLeafOfOneRow = page[0] === 13 && page.readUInt16BE(3) === 1
  const cell = page.readUInt16BE(8)
  if (!isLeafOfOneRow || cell > PAGE_BYTES - 5) return undefined
  const [id, headerBytes, idType, type = 0] = page.subarray(cell + 1, cell + 5)
  if (id !== 1 || headerBytes !== 3 || idType !== 0) return undefined
  if (type === 8 || type === 9) return type - 8
  const bytes = INTEGER_BYTES[type]
  if (bytes === undefined) return undefined
  return bytes === 8 ? Number(page.readBigInt64BE(cell + 5)) : page.readIntBE(cell + 5, bytes)
}
