import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeAtomically } from './files'
import { refused } from './refusal'
import { FORMAT, type Identity } from './schema'

/** The marker's file in the data directory. */
export const MARKER_FILE = 'store.json'

/**
 * Says, outside the database, that there is a store here and which one: what tells a database that was lost from one
 * that never was. `undefined` where there is no marker.
 */
export function readMarker(directory: string): Identity | undefined {
  const path = join(directory, MARKER_FILE)
  if (!existsSync(path)) return undefined
  const marker = parse(readFileSync(path, 'utf8'))
  if (!marker) {
    throw refused(`${path} cannot be read as Ironflow's marker file; restore it, or the whole directory, from a backup`)
  }
  if (marker.format > FORMAT) {
    throw refused(
      `the store in ${directory} was written by a newer version of Ironflow (format ${marker.format}, this one reads ${FORMAT}); start that version or a later one`,
    )
  }
  return { storeId: marker.storeId, epoch: marker.epoch }
}

/** Writes the marker, atomically and durably. */
export function writeMarker(directory: string, { storeId, epoch }: Identity): void {
  const about = 'Marks an Ironflow store. Keep it together with ironflow.db.'
  writeAtomically(
    join(directory, MARKER_FILE),
    `${JSON.stringify({ about, format: FORMAT, storeId, epoch }, null, 2)}\n`,
  )
}

function parse(text: string): { format: number; storeId: string; epoch: string } | undefined {
  try {
    const { format, storeId, epoch } = JSON.parse(text) as Record<string, unknown>
    if (typeof format === 'number' && typeof storeId === 'string' && typeof epoch === 'string') {
      return { format, storeId, epoch }
    }
  } catch {
    // Not JSON, or JSON that is no object: the caller says what that means.
  }
  return undefined
}
