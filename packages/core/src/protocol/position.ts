/**
 * One place in one life of one bucket. Positions of different epochs are never compared: which of two lives is the newer
 * one only the store knows.
 */
export interface Position {
  /** Identity of the bucket's life: letters and digits, at most 64. */
  readonly epoch: string
  readonly revision: number
}

/** A position whose epoch may be left out: a bare revision, as people type it. */
export interface KnownPosition {
  readonly revision: number
  readonly epoch?: string | undefined
}

/** The text of a position in headers: `5-<epoch>`, or `5` without an epoch. */
export function formatPosition({ revision, epoch }: KnownPosition): string {
  return epoch === undefined ? `${revision}` : `${revision}-${epoch}`
}

/** Reads {@link formatPosition}'s text; `undefined` for any other. */
export function parsePosition(text: string): KnownPosition | undefined {
  const found = /^(\d{1,16})(?:-([A-Za-z0-9]{1,64}))?$/.exec(text)
  if (!found) return undefined
  const revision = Number(found[1])
  if (!Number.isSafeInteger(revision)) return undefined
  return found[2] === undefined ? { revision } : { revision, epoch: found[2] }
}
