import { FilterIndex } from './filter-index'
import { compareKeys } from './key-order'

/** A part of the order of keys: one key, or the keys that start with a prefix, which is empty or ends with a dot. */
export interface KeyRange {
  readonly start: string
  readonly isKey: boolean
}

/** The keys that any of some filters admits: `user.*`, `session.>`. Compiled once, asked for every key. */
export class KeyFilter {
  /** Where such keys can be: disjoint, in the order of keys. Few narrow filters do not read a whole bucket. */
  readonly ranges: readonly KeyRange[]
  private readonly index: FilterIndex<true> | undefined

  /** @param filters valid by `filterRule`; absent: all keys */
  constructor(filters: readonly string[] | undefined) {
    this.ranges = rangesOf(filters ?? ['>'])
    if (!filters) return
    this.index = new FilterIndex()
    for (const filter of filters) this.index.add(filter, true)
  }

  /** Whether a filter admits the key. */
  matches(key: string): boolean {
    return this.index === undefined || this.index.match(key).length > 0
  }
}

function rangesOf(filters: readonly string[]): KeyRange[] {
  const ranges: KeyRange[] = []
  for (const range of filters.map(rangeOf).sort((a, b) => compareKeys(a.start, b.start))) {
    const last = ranges.at(-1)
    // In this order, what a range contains follows it.
    const isContained = last && (last.isKey ? range.start === last.start : range.start.startsWith(last.start))
    if (!isContained) ranges.push(range)
  }
  return ranges
}

/** The tokens before a filter's first wildcard, with the dot that follows; a filter without one is a key. */
function rangeOf(filter: string): KeyRange {
  const tokens = filter.split('.')
  const wild = tokens.findIndex((token) => token === '*' || token === '>')
  if (wild < 0) return { start: filter, isKey: true }
  return { start: [...tokens.slice(0, wild), ''].join('.'), isKey: false }
}
