import type { Position, ServerFrame } from '@ironflow/core/protocol'
import { expect } from 'vitest'

interface Known {
  revision: number
  value: unknown
}

/**
 * What a client makes of the messages about one subscription: the state it believes in, and the cursor it would come
 * back with. It follows the rules of the wire and nothing else.
 */
export class FoldingClient {
  readonly state = new Map<string, Known>()
  /** The life of the bucket that each key's revision belongs to. */
  private readonly epochs = new Map<string, string>()
  cursor: string | undefined
  /** Of this connection. */
  isSynced = false
  resets = 0
  /** Keys that were there before the current values began to come, and have not come again. */
  private stale = new Set<string>()
  private readonly told = new Set<string>()

  constructor(readonly id: string) {}

  /** A new connection. Without a cursor, the current values come, and what is not among them is gone. */
  connect(): void {
    this.told.clear()
    this.isSynced = false
    if (this.cursor === undefined) this.stale = new Set(this.state.keys())
  }

  take(frame: ServerFrame): void {
    if (frame.type === 'heartbeat') this.cursor = frame.cursors[this.id] ?? this.cursor
    if (!('sub' in frame) || frame.sub !== this.id) return
    if (frame.type === 'reset') {
      this.resets++
      this.told.clear()
      this.cursor = undefined
      this.isSynced = false
      this.stale = new Set(this.state.keys())
    } else if (frame.type === 'synced') {
      for (const key of this.stale) this.state.delete(key)
      this.stale.clear()
      this.isSynced = true
      this.cursor = frame.cursor
    } else if (frame.type === 'kv_update') {
      this.change(frame.key, frame, frame.operation === 'put' ? { value: frame.value } : undefined)
      this.cursor = frame.cursor ?? this.cursor
    } else if (frame.type === 'config_update' || frame.type === 'config_delete') {
      this.change(frame.name, frame, frame.type === 'config_update' ? { value: frame.data } : undefined)
      this.cursor = frame.cursor ?? this.cursor
    } else if (frame.type === 'error') {
      throw new Error(`${frame.code}: ${frame.detail}`)
    }
  }

  private change(key: string, { revision, epoch }: Position, to: { value: unknown } | undefined): void {
    const name = `${key}@${epoch}/${revision}`
    expect(this.told.has(name), `${name} is told twice`).toBe(false)
    this.told.add(name)
    this.stale.delete(key)
    if (this.epochs.get(key) === epoch && revision < (this.state.get(key)?.revision ?? 0)) return
    this.epochs.set(key, epoch)
    if (to) this.state.set(key, { revision, ...to })
    else this.state.delete(key)
  }
}
