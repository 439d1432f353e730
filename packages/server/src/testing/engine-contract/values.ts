import type { Engine } from '../../engine/engine'
import type { Entry, StoredValue } from '../../engine/entry'
import type { ChangesQuery, EntriesQuery } from '../../engine/queries'

export function text(value: string): StoredValue {
  return { encoding: 'text', text: value }
}

export function json(source: string): StoredValue {
  return { encoding: 'json', text: source }
}

export function bytes(...values: number[]): StoredValue {
  return { encoding: 'base64', bytes: Uint8Array.from(values) }
}

/** A value as something a test can read: `"text"` as it is, JSON with its encoding, bytes as hex. */
export function show(entry: Pick<Entry, 'value'> | undefined): string | undefined {
  const value = entry?.value
  if (value === undefined) return undefined
  if (value.encoding === 'base64') return `bytes:${[...value.bytes].map((byte) => byte.toString(16)).join(' ')}`
  return value.encoding === 'text' ? value.text : `json:${value.text}`
}

/** The bytes of a value as it is stored. */
export function lengthOf(value: StoredValue | undefined): number {
  if (!value) return 0
  return value.encoding === 'base64' ? value.bytes.length : new TextEncoder().encode(value.text).length
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

/** The newest value of a key as {@link show} shows it. */
export async function read(engine: Engine, bucket: string, key: string): Promise<string | undefined> {
  return show(await engine.get(bucket, key))
}

/** All entries of a listing, following its pages to the end. `between` runs after each page. */
export async function listAll(
  engine: Engine,
  bucket: string,
  query: Partial<EntriesQuery> = {},
  between?: () => Promise<unknown>,
): Promise<Entry[]> {
  const found: Entry[] = []
  for (let after = query.after; ; ) {
    const page = await engine.entries(bucket, { limit: 100, values: true, ...query, after })
    found.push(...page.entries)
    if (page.next === undefined) return found
    if (page.next === after) throw new Error(`the page after ${after} leads to itself`)
    after = page.next
    await between?.()
  }
}

/** The keys that any of these filters admits; without filters: all. */
export async function listKeys(engine: Engine, bucket: string, ...filters: string[]): Promise<string[]> {
  const query = { filters: filters.length > 0 ? filters : undefined, values: false }
  return (await listAll(engine, bucket, query)).map(({ key }) => key)
}

/** Where a caller has got to with an entry, a commit or a page: what `changesSince` takes as `after`. */
export function place({ epoch, revision }: { epoch: string; revision: number }): NonNullable<ChangesQuery['after']> {
  return { epoch, revision, time: Date.now() }
}

/** All changes after a position, following the pages; throws where the position is lost. Absent: all there are. */
export async function changesAfter(
  engine: Engine,
  bucket: string,
  after?: { epoch: string; revision: number },
  limit = 100,
): Promise<Entry[]> {
  const found: Entry[] = []
  for (let last = after; ; ) {
    const page = await engine.changesSince(bucket, { after: last && place(last), limit })
    if (page.lost) throw new Error(`position ${JSON.stringify(last)} is lost: ${page.lost}`)
    found.push(...page.changes)
    if (!page.more) return found
    const next = page.next ?? page.changes.at(-1)
    if (!next) throw new Error('a page of changes that says more holds none, and says not where to go on')
    last = next
  }
}

/** Why a position is of no use, or undefined where it is. */
export async function lossOf(
  engine: Engine,
  bucket: string,
  after: { epoch: string; revision: number },
): Promise<string | undefined> {
  return (await engine.changesSince(bucket, { after: place(after), limit: 1 })).lost
}
