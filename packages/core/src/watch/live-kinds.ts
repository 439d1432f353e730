import { CONFIG, type ConfigDelete, type ConfigUpdate } from './config-kind'
import type { Change, WatchKind } from './kinds'
import { KV, type KvUpdate } from './kv-kind'

/** A document in memory. */
export interface ConfigSnapshot<T = unknown> {
  readonly name: string
  readonly data: T
  /** 0: this is the fallback. */
  readonly revision: number
  /** Identity of the life of the bucket that the revision belongs to. Absent in the fallback. */
  readonly epoch?: string | undefined
  /** When this revision was written, RFC 3339. Absent in the fallback. */
  readonly updatedAt?: string | undefined
}

/** Values of a bucket in memory, by key. It has no prototype: a key that is not there is `undefined`, whatever its name. */
export type BucketSnapshot<T = unknown> = Readonly<Record<string, T>>

/** How the state of a kind of watch is kept in memory. */
export interface LiveKind<E extends Change, V, S, F> {
  readonly watch: WatchKind<E>
  /** Returns the key that an event is about, and what to keep of it; `undefined`: it is gone. */
  entry(event: E): readonly [key: string, value: V | undefined]
  /** Returns the snapshot of entries; `undefined`: there is nothing. */
  snapshot(entries: Iterable<readonly [key: string, value: V]>): S | undefined
  /** Returns the snapshot of a fallback. */
  fallback(target: string, content: F): S
}

/** A document. */
export const LIVE_CONFIG: LiveKind<ConfigUpdate | ConfigDelete, ConfigSnapshot, ConfigSnapshot, unknown> = {
  watch: CONFIG,
  entry(event) {
    const { name, revision, epoch, updatedAt } = event
    return [name, event.type === 'config_update' ? { name, data: event.data, revision, epoch, updatedAt } : undefined]
  },
  snapshot: ([document]) => document?.[1],
  fallback: (name, data) => ({ name, data, revision: 0 }),
}

/** The keys of a bucket. */
export const LIVE_KV: LiveKind<KvUpdate, unknown, BucketSnapshot, BucketSnapshot> = {
  watch: KV,
  entry: ({ key, data }) => [key, data],
  snapshot: (entries) => bare(Object.fromEntries(entries)),
  fallback: (_, values) => bare(values),
}

function bare(values: BucketSnapshot): BucketSnapshot {
  return { __proto__: null, ...values }
}
