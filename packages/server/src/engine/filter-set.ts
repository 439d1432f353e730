/** Filters that one block matches at the same time: the bits of a number that is fast to calculate with. */
const BLOCK = 32

/** Compiled lists. A subscription, its feed and every page that is read for it ask by the same list. */
const compiled = new WeakMap<readonly string[], FilterSet>()

/** The key that was asked about last, and its tokens: a change is compared with many sets. */
let lastKey = ''
let lastTokens: readonly string[] = ['']

/**
 * Some filters (`user.*`, `session.>`) that are asked together, if any of them admits a key. Asking costs a step for each
 * of the key's tokens, however many filters there are (for each 32 of them), and ends where none can admit it any more.
 */
export class FilterSet {
  private exact: Set<string> | undefined
  private readonly blocks: FilterBlock[] = []
  /** The last tokens of the filters with wildcards. */
  private readonly ends = new Set<string>()

  private constructor(private readonly filters: readonly string[]) {}

  /** Returns the set of a list of filters, which are valid by `filterRule`. The list must not change afterwards. */
  static of(filters: readonly string[]): FilterSet {
    const known = compiled.get(filters)
    if (known) return known
    const set = new FilterSet(filters)
    compiled.set(filters, set)
    return set
  }

  /** Returns whether a filter admits the key. */
  admits(key: string): boolean {
    this.exact ??= this.compile()
    if (this.exact.has(key)) return true
    const { ends } = this
    // Splitting a long key takes longer than all the rest.
    if (!ends.has('>') && !ends.has('*') && !ends.has(key.slice(key.lastIndexOf('.') + 1))) return false
    if (key !== lastKey) {
      lastTokens = key.split('.')
      lastKey = key
    }
    return this.blocks.some((block) => block.admits(lastTokens))
  }

  /** Fills the blocks with the filters that have wildcards, and returns the others. Not before a key is asked about. */
  private compile(): Set<string> {
    const exact = this.filters.filter((filter) => !/[*>]/.test(filter))
    const wild = this.filters.filter((filter) => /[*>]/.test(filter))
    for (const filter of wild) this.ends.add(filter.slice(filter.lastIndexOf('.') + 1))
    for (let at = 0; at < wild.length; at += BLOCK) this.blocks.push(new FilterBlock(wild.slice(at, at + BLOCK)))
    return new Set(exact)
  }
}

/** At most 32 filters. In each mask, bit n stands for filter n. */
class FilterBlock {
  private readonly steps: Step[] = []
  /** The filters that end with `>`. */
  private open = 0

  constructor(filters: readonly string[]) {
    for (const [index, filter] of filters.entries()) this.add(filter.split('.'), 1 << index)
  }

  private add(tokens: readonly string[], bit: number): void {
    for (const [depth, token] of tokens.entries()) {
      this.steps[depth] ??= new Step()
      const step = this.steps[depth]
      if (token === '>') step.rest |= bit
      else if (token === '*') step.any |= bit
      else step.add(token, bit)
      if (depth < tokens.length - 1) continue
      if (token === '>') this.open |= bit
      else step.ends |= bit
    }
  }

  admits(tokens: readonly string[]): boolean {
    const { steps, open } = this
    const last = tokens.length - 1
    const end = steps[last]
    // The end first: among filters that differ only there, the key's other tokens say nothing.
    let left = open | (end ? end.ends & end.of(tokens[last] as string) : 0)
    for (let depth = 0; depth <= last && left !== 0; depth++) {
      const step = steps[depth]
      if (!step) return false
      if ((left & step.rest) !== 0) return true
      left &= step.of(tokens[depth] as string)
    }
    return end !== undefined && (left & end.ends) !== 0
  }
}

/** The tokens of a block's filters at one place. */
class Step {
  /** The filters that have `*` here. */
  any = 0
  /** The filters that have `>` here. */
  rest = 0
  /** The filters that end here, with another token than `>`. */
  ends = 0
  /** The first token that was added, and the filters that have it. Most steps have no other. */
  private token = ''
  private bits = 0
  private others: Map<string, number> | undefined

  add(token: string, bit: number): void {
    if (this.bits === 0) this.token = token
    if (token === this.token) {
      this.bits |= bit
      return
    }
    this.others ??= new Map()
    this.others.set(token, (this.others.get(token) ?? 0) | bit)
  }

  /** Returns the filters that admit this token here, but for those with `>`. */
  of(token: string): number {
    return this.any | (token === this.token ? this.bits : (this.others?.get(token) ?? 0))
  }
}
