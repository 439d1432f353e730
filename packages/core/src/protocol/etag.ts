import { formatPosition, type KnownPosition, type Position, parsePosition } from './position'

/** The ETag of a position: `"<revision>-<epoch>"`, so that a revision of another life never matches. */
export function formatEtag(position: Position): string {
  return `"${formatPosition(position)}"`
}

/** Reads `"5-epoch"`, `5`, `"5"` or `W/"5"`; `undefined` where it is none of these. */
export function parseEtag(text: string): KnownPosition | undefined {
  const found = /^(?:W\/)?("?)([^"]*)\1$/.exec(text.trim())
  return found ? parsePosition(found[2] as string) : undefined
}
