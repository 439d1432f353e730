import type { Failure, Outcome } from './messages'

/** The result of a write that was applied. */
export type Applied = Exclude<Outcome, Failure>

/** A result with the identity of its write. */
export type Identified = readonly [once: string, result: Applied]

/** Results by the number they are stored as. Only ever append: the numbers are in people's files. */
const KINDS = ['written', 'unchanged', 'removed'] as const

/**
 * A result as it is stored. Times count from that of the row, and the revision from the result before it in the row:
 * both are a digit or two then, and every page that a commit writes is one more to wait for.
 */
type Packed =
  | [once: string, kind: number, life: number | null, revision: number, createdAt: number, expiresAt?: number]
  /** Of the writes that make or change a bucket. */
  | [once: string, outcome: Applied]

/** Returns the results of one commit as they are stored, in a row of that time. */
export function packResults(results: readonly Identified[], at: number): string {
  let before = 0
  const packed = results.map(([once, result]): Packed => {
    if (!('life' in result)) return [once, result]
    const { kind, life = null, revision, createdAt } = result
    const expiresAt = kind === 'written' ? result.expiresAt : undefined
    const place = [KINDS.indexOf(kind), life, revision - before, createdAt - at] as const
    before = revision
    return expiresAt === undefined ? [once, ...place] : [once, ...place, expiresAt - at]
  })
  return JSON.stringify(packed)
}

/** Returns the results that {@link packResults} made a row of that time of. */
export function unpackResults(text: string, at: number): Identified[] {
  let revision = 0
  return (JSON.parse(text) as Packed[]).map((packed): Identified => {
    if (packed.length === 2) return packed
    const [once, number, life, distance, age, expiresIn] = packed
    revision += distance
    const place = { life: life ?? undefined, revision, createdAt: at + age }
    const kind = KINDS[number]
    if (kind === undefined) throw new Error(`the applied write ${once} has a result of unknown kind ${number}`)
    if (kind !== 'written') return [once, { kind, ...place }]
    return [once, { kind, ...place, expiresAt: expiresIn === undefined ? undefined : at + expiresIn }]
  })
}
