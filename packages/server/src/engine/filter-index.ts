import { FilterSet } from './filter-set'

/** Tokens at the start of a filter by which items are found. Of a key of 250 tokens, not every prefix is looked up. */
const PREFIX_TOKENS = 8

/**
 * Items by their filters (`user.*`, `session.>`), found by key. An item is looked at if one of its filters starts and ends
 * as the key does; then its filters are asked together, once. Finding costs no more for an item that has many of them.
 */
export class FilterIndex<T> {
  private readonly sets = new Map<T, FilterSet>()
  /** Items by a filter that admits every key under which it is looked up: a key, or a prefix and `>`. */
  private readonly certain = new Map<string, Set<T>>()
  /** Items by the start and the end of a filter: see {@link placeOf}. */
  private readonly likely = new Map<string, Set<T>>()

  /** Adds an item, which is not there, under its filters. The list must not change afterwards. */
  add(item: T, filters: readonly string[]): void {
    this.sets.set(item, FilterSet.of(filters))
    for (const filter of filters) {
      const { isCertain, name } = placeOf(filter)
      const places = isCertain ? this.certain : this.likely
      const items = places.get(name)
      if (items) items.add(item)
      else places.set(name, new Set([item]))
    }
  }

  /** Removes an item that was added with the same filters; no-op if it is not there. */
  remove(item: T, filters: readonly string[]): void {
    this.sets.delete(item)
    for (const filter of filters) {
      const { isCertain, name } = placeOf(filter)
      const places = isCertain ? this.certain : this.likely
      const items = places.get(name)
      items?.delete(item)
      if (items?.size === 0) places.delete(name)
    }
  }

  /** Returns the items of which a filter admits `key`, each once. What is returned may be live. */
  match(key: string): Iterable<T> {
    const certain: ReadonlySet<T>[] = []
    const likely: ReadonlySet<T>[] = []
    const look = (places: ReadonlyMap<string, Set<T>>, name: string, found: ReadonlySet<T>[]) => {
      const items = places.get(name)
      if (items) found.push(items)
    }
    const end = endOf(key)
    look(this.certain, key, certain)
    for (const prefix of prefixesOf(key)) {
      look(this.certain, `${prefix}>`, certain)
      if (this.likely.size === 0) continue
      for (const last of [end, '*', '>']) look(this.likely, `${prefix} ${last}`, likely)
    }
    const [only = [], ...others] = certain
    if (others.length === 0 && likely.length === 0) return only
    const found = new Set(only)
    for (const items of others) for (const item of items) found.add(item)
    const seen = new Set(found)
    for (const items of likely) {
      for (const item of items) {
        if (seen.has(item)) continue
        seen.add(item)
        if (this.sets.get(item)?.admits(key)) found.add(item)
      }
    }
    return found
  }
}

/** Where a filter's items are: by the filter itself, or by its first tokens, a space, which no filter has, and its last. */
function placeOf(filter: string): { isCertain: boolean; name: string } {
  const wild = filter.search(/[*>]/)
  if (wild < 0) return { isCertain: true, name: filter }
  let prefix = ''
  for (const each of prefixesOf(filter)) if (each.length <= wild) prefix = each
  if (filter === `${prefix}>`) return { isCertain: true, name: filter }
  return { isCertain: false, name: `${prefix} ${endOf(filter)}` }
}

/** The starts of `text` that end with a dot, the empty one first. */
function prefixesOf(text: string): string[] {
  const prefixes = ['']
  for (let dot = text.indexOf('.'); dot >= 0 && prefixes.length <= PREFIX_TOKENS; dot = text.indexOf('.', dot + 1)) {
    prefixes.push(text.slice(0, dot + 1))
  }
  return prefixes
}

/** The last token. */
function endOf(text: string): string {
  return text.slice(text.lastIndexOf('.') + 1)
}
