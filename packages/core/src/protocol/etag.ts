/** A revision as `If-Match` may carry it; the epoch is there when it came from an ETag. */
export interface Match {
  revision: number
  epoch?: string
}

/** The ETag of a revision: `"<revision>-<epoch>"`, so that another store's revision never matches. */
export function formatEtag(revision: number, epoch: string): string {
  return `"${revision}-${epoch}"`
}

/** Reads `"5-epoch"`, `5`, `"5"` or `W/"5"`; `undefined` where it is none of these. */
export function parseEtag(text: string): Match | undefined {
  const found = /^(?:W\/)?("?)(\d{1,16})(?:-([A-Za-z0-9]{1,64}))?\1$/.exec(text.trim())
  if (!found) return undefined
  const revision = Number(found[2])
  if (!Number.isSafeInteger(revision)) return undefined
  return found[3] === undefined ? { revision } : { revision, epoch: found[3] }
}
