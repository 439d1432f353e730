import { FilterSet } from './filter-set'
import { compareKeys } from './key-order'

/** A part of the order of keys: one key, or the keys that start with a prefix, which is empty or ends with a dot. */
export interface KeyRange {
  readonly start: string
  readonly isKey: boolean
}

/** The keys that any of some filters admits: `user.*`, `session.>`. */
export class KeyFilter {
  private readonly set: FilterSet | undefined

  /** @param filters valid by `filterRule`; absent: all keys. The list must not change afterwards. */
  constructor(private readonly filters: readonly string[] | undefined) {
    this.set = filters && FilterSet.of(filters)
  }

  /** Where such keys can be: disjoint, in the order of keys. Few narrow filters do not read a whole bucket. */
  get ranges(): readonly KeyRange[] {
    return rangesOf(this.filters ?? ['>'])
  }

  /** Whether a filter admits the key. */
  matches(key: string): boolean {
    return this.set === undefined || this.set.admits(key)
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

/** What comes before a filter's first wildcard, which is a whole token; a filter without one is a key. */
function rangeOf(filter: string): KeyRange {
  const wild = filter.search(/[*>]/)
  return wild < 0 ? { start: filter, isKey: true } : { start: filter.slice(0, wild), isKey: false }
}
