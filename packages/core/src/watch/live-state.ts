import type { Change } from './kinds'
import type { LiveKind } from './live-kinds'

/** A value, and the position that it was written at. */
interface Entry<V> {
  readonly at: string
  readonly value: V
}

/**
 * The state that the events of a watch add up to, and its snapshot, which is made when it is asked for. Pure.
 *
 * A watch that begins again sends everything again, and nothing of what has gone meanwhile: until it is in sync, its
 * entries are collected apart, and the snapshot stays as it was.
 */
export class LiveState<E extends Change, V, S> {
  private entries = new Map<string, Entry<V>>()
  private loading: Map<string, Entry<V>> | undefined
  private isChanged = false
  private current: S | undefined

  constructor(private readonly kind: Pick<LiveKind<E, V, S, never>, 'entry' | 'snapshot'>) {}

  /** The snapshot, frozen: the same object until an entry has changed. */
  get snapshot(): S | undefined {
    if (this.isChanged) {
      this.isChanged = false
      const values = [...this.entries].map(([key, { value }]) => [key, value] as const)
      this.current = Object.freeze(this.kind.snapshot(values))
    }
    return this.current
  }

  /** Notes that a watch begins: its events give the whole state anew. */
  begin(): void {
    this.loading = new Map()
  }

  /** Takes in an event. Returns whether there is another snapshot now. */
  apply(event: E): boolean {
    const [key, value] = this.kind.entry(event)
    const { entries, loading = entries } = this
    const at = `${event.revision}-${event.epoch}`
    const known = entries.get(key)
    if (value === undefined) loading.delete(key)
    else loading.set(key, known?.at === at ? known : { at, value: deepFreeze(value) })
    if (loading !== entries) return false
    this.isChanged = true
    return true
  }

  /** Notes that all there is has come. */
  synced(): void {
    const { entries, loading } = this
    if (!loading) return
    this.loading = undefined
    this.entries = loading
    // An entry that has not changed is the same object, and as many of those as there were are all of them.
    const isSame = ([key, entry]: [string, Entry<V>]) => entries.get(key) === entry
    this.isChanged ||= this.current === undefined || loading.size !== entries.size || ![...loading].every(isSame)
  }
}

/** Freezes a value and all within it. Bytes cannot be frozen. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    for (const member of Object.values(value)) deepFreeze(member)
    Object.freeze(value)
  }
  return value
}
