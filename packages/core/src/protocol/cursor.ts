/** How far a watcher has got: the store's life, the revision, and when that was made (epoch milliseconds). */
export interface Cursor {
  readonly epoch: string
  readonly revision: number
  readonly time: number
}

/** The text of a cursor. Opaque to clients, which only hand it back; safe in URLs and in header values. */
export function formatCursor({ epoch, revision, time }: Cursor): string {
  return `${epoch}-${revision}-${time}`
}

/** Reads a cursor; `undefined` where the text is none. */
export function parseCursor(text: string): Cursor | undefined {
  const found = /^([A-Za-z0-9]{1,64})-(\d{1,16})-(\d{1,16})$/.exec(text)
  if (!found) return undefined
  const [revision, time] = [Number(found[2]), Number(found[3])]
  if (!Number.isSafeInteger(revision) || !Number.isSafeInteger(time)) return undefined
  return { epoch: found[1] as string, revision, time }
}

/** A cursor that is of no use on any store: who comes with it is sent everything, after `reset`. */
export const LOST_CURSOR: string = /* @__PURE__ */ formatCursor({ epoch: 'lost', revision: 0, time: 0 })
