import { invalid } from '@ironflow/core/errors'
import type { BucketConfig } from './bucket-config'

/** Identity of a write, which makes it safe to repeat. */
export interface OnceOptions {
  /**
   * Identity of the write, at most 64 characters of ASCII. Where a write of this identity was applied within the last
   * two minutes, its result is returned, whatever the repetition expects, and nothing is written. One that failed
   * leaves no trace. Holds after reopening the store and through every engine on it. While the store is open the two
   * minutes are those of `EngineOptions.uptime`.
   */
  once?: string | undefined
}

/** Expectations of a write, and what is kept with it. */
export interface WriteOptions extends OnceOptions {
  /**
   * Only if the key's newest revision is this one; a tombstone's counts. 0: only if there is no value.
   * Otherwise `revision_conflict` with `currentRevision` (a tombstone's too; 0 where the key was never written).
   */
  expectedRevision?: number | undefined
  /** Only if that revision belongs to this life of the bucket; otherwise `revision_conflict`. */
  expectedEpoch?: string | undefined
  /** Short text members to keep with the entry, such as its author; at most 1 KiB of JSON. */
  meta?: Readonly<Record<string, string>> | undefined
}

/** Options of a write that has a value. */
export interface PutOptions extends WriteOptions {
  /** Seconds, more than 0. With a bucket's own time-to-live the shorter one counts. */
  ttlSeconds?: number | undefined
  /** Options of the bucket if this write makes it. Default: `EngineOptions.bucketDefaults`. */
  bucketConfig?: BucketConfig | undefined
}

/** Characters that an entry's metadata may take as JSON. */
const MAX_META_CHARACTERS = 1_024

/** Metadata as it is stored: JSON text; `undefined` for none. @throws ValidationError where it is too much */
export function encodeMeta(meta: Readonly<Record<string, string>> | undefined): string | undefined {
  if (meta === undefined) return undefined
  const text = JSON.stringify(meta)
  if (text.length <= MAX_META_CHARACTERS) return text
  throw invalid({ meta: `must have at most ${MAX_META_CHARACTERS} characters of JSON` })
}
