import type { KvUpdate } from '@ironflow/node'

/** Keeps what a watch of a bucket tells, folds it, and notes what no watch may do. */
export class WatchLog {
  /** What is there, as far as was told: values by key. */
  readonly state = new Map<string, unknown>()
  /** Told twice, by (key, revision). */
  readonly duplicates: string[] = []
  /** Told after a later revision of the same key. */
  readonly backwards: string[] = []
  count = 0
  private readonly seen = new Set<string>()
  private readonly newest = new Map<string, number>()

  readonly onUpdate = ({ key, revision, operation, data }: KvUpdate): void => {
    this.count++
    const name = `${key}@${revision}`
    if (this.seen.has(name)) this.duplicates.push(name)
    else if (revision < (this.newest.get(key) ?? 0)) this.backwards.push(name)
    this.seen.add(name)
    this.newest.set(key, revision)
    if (operation === 'put') this.state.set(key, data)
    else this.state.delete(key)
  }
}
