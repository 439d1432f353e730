import type { Operation } from '@ironflow/core/protocol'

/** A revision as the model knows it. Of an expiry nobody is told the number, so it has none. */
interface ModelRevision {
  operation: Operation
  revision?: number
  value?: string
  expiresAt?: number
}

/** What a bucket has to hold after a sequence of operations: the contract, written as plainly as can be. */
export class ModelBucket {
  readonly keys = new Map<string, ModelRevision[]>()

  constructor(
    public history: number,
    readonly ttlMs: number | undefined,
  ) {}

  newest(key: string): ModelRevision | undefined {
    return this.keys.get(key)?.at(-1)
  }

  put(key: string, value: string, revision: number, now: number, ttlMs = Number.POSITIVE_INFINITY): void {
    const expiresAt = now + Math.min(ttlMs, this.ttlMs ?? Number.POSITIVE_INFINITY)
    this.#add(key, { operation: 'put', revision, value, expiresAt })
  }

  remove(key: string, operation: 'delete' | 'purge', revision: number): void {
    if (operation === 'purge') this.keys.delete(key)
    this.#add(key, { operation, revision })
  }

  /** Whether a delete or purge of the key has anything to write. */
  canRemove(key: string, operation: 'delete' | 'purge'): boolean {
    const newest = this.newest(key)
    if (operation === 'delete') return newest?.value !== undefined
    return newest !== undefined && newest.operation !== 'purge'
  }

  setHistory(history: number): void {
    this.history = history
    for (const [key, revisions] of this.keys) this.keys.set(key, revisions.slice(-history))
  }

  expire(now: number): void {
    for (const [key, revisions] of this.keys) {
      const newest = revisions.at(-1)
      if (newest?.value !== undefined && isPast(newest, now)) this.#add(key, { operation: 'expire' })
    }
  }

  /** The keys that have a value, in order, with it. */
  values(): [string, string][] {
    return [...this.keys]
      .flatMap(([key, revisions]): [string, string][] => {
        const value = revisions.at(-1)?.value
        return value === undefined ? [] : [[key, value]]
      })
      .sort(([a], [b]) => (a < b ? -1 : 1))
  }

  /** A key's history as `operation value`, newest first. */
  historyOf(key: string, now: number): string[] {
    return [...(this.keys.get(key) ?? [])]
      .reverse()
      .filter((each) => !isPast(each, now))
      .map(({ operation, value }) => `${operation} ${value ?? ''}`)
  }

  #add(key: string, revision: ModelRevision): void {
    this.keys.set(key, [...(this.keys.get(key) ?? []), revision].slice(-this.history))
  }
}

function isPast({ value, expiresAt }: ModelRevision, now: number): boolean {
  return value !== undefined && (expiresAt ?? Number.POSITIVE_INFINITY) <= now
}
