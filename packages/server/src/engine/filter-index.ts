/** A token's place in the trie: what may follow it, and the items whose filter ends here. */
interface Node<T> {
  readonly children: Map<string, Node<T>>
  readonly items: Set<T>
}

/**
 * Items by filter (`user.*`, `session.>`), found by key: a trie of the filters' tokens. Finding costs what can match the
 * key's tokens, however many other filters there are.
 */
export class FilterIndex<T> {
  private readonly root = node<T>()

  /** Adds an item under a filter; a second time is a no-op. */
  add(filter: string, item: T): void {
    let place = this.root
    for (const token of filter.split('.')) {
      const child = place.children.get(token) ?? node<T>()
      place.children.set(token, child)
      place = child
    }
    place.items.add(item)
  }

  /** Removes an item from under a filter; no-op if it is not there. */
  remove(filter: string, item: T): void {
    const path = [this.root]
    const tokens = filter.split('.')
    for (const token of tokens) {
      const child = path.at(-1)?.children.get(token)
      if (!child) return
      path.push(child)
    }
    path.at(-1)?.items.delete(item)
    for (let depth = tokens.length; depth > 0; depth--) {
      const { children, items } = path[depth] as Node<T>
      if (children.size > 0 || items.size > 0) return
      path[depth - 1]?.children.delete(tokens[depth - 1] as string)
    }
  }

  /** Returns the items of every filter that admits `key`, by filter: an item may be in several sets. The sets are live. */
  match(key: string): ReadonlySet<T>[] {
    const found: Set<T>[] = []
    collect(this.root, key.split('.'), 0, found)
    return found
  }
}

function collect<T>({ children, items }: Node<T>, tokens: readonly string[], depth: number, found: Set<T>[]): void {
  const token = tokens[depth]
  if (token === undefined) {
    if (items.size > 0) found.push(items)
    return
  }
  const rest = children.get('>')
  if (rest) found.push(rest.items)
  const same = children.get(token)
  if (same) collect(same, tokens, depth + 1, found)
  const any = children.get('*')
  if (any) collect(any, tokens, depth + 1, found)
}

function node<T>(): Node<T> {
  return { children: new Map(), items: new Set() }
}
