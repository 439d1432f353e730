import type { Role } from './rights'

/** What every write answers. */
export interface Written {
  /** The revision this write made, or, where there was nothing to do, the one it found. */
  revision: number
  /**
   * Identity of the life of the bucket that the revision belongs to. Deleting and making a bucket again, or restoring a
   * backup, begins another one.
   */
  epoch: string
}

/** A config document without its content. */
export interface ConfigSummary extends Written {
  name: string
  /** When this revision was written, RFC 3339. */
  updatedAt: string
}

/** A config document. */
export interface ConfigEntry<T = unknown> extends ConfigSummary {
  data: T
}

/** One version in a document's history; `data` is absent where it was deleted. */
export interface ConfigVersion<T = unknown> extends ConfigSummary {
  data?: T | undefined
  operation: 'put' | 'delete'
}

/** What a bucket can be told; every member has a default. */
export interface BucketOptions {
  /** For people; at most 1,024 characters. */
  description?: string | undefined
  /** Seconds after which a value expires; 0 or absent: never. */
  ttlSeconds?: number | undefined
  /** How many revisions of a key are kept, 1 … 64. Default 1. */
  history?: number | undefined
  /** The most bytes the bucket's current values may take together; absent: no limit. */
  maxBytes?: number | undefined
  /** The most bytes one value may have. Default 1,000,000. */
  maxValueSize?: number | undefined
}

/** A bucket: its options, and how full it is. */
export interface BucketInfo {
  name: string
  description?: string | undefined
  ttlSeconds?: number | undefined
  history: number
  maxBytes?: number | undefined
  maxValueSize: number
  /** How many keys have a value now. */
  values: number
  /** How many bytes those values take. */
  bytes: number
  /** When the bucket was made, RFC 3339. */
  createdAt: string
}

/** What a new API key is to be. */
export interface NewApiKey {
  /** For people: who uses it. 1 … 128 characters. */
  name: string
  role: Role
  /** Binds the key to one environment; absent: all of them. */
  environment?: string | undefined
  /** When it stops working, RFC 3339; absent: never. */
  expiresAt?: string | undefined
  /** Narrows what the role allows: `read:config:app-*`, `write:kv:sessions`. Absent: all of it. */
  scopes?: string[] | undefined
}

/** An API key as it is listed: everything but the secret. */
export interface ApiKey extends NewApiKey {
  id: string
  createdAt: string
}

/** The one answer that holds the secret. */
export interface CreatedApiKey extends ApiKey {
  /** `ifkey_` and 48 hex digits. Shown once: the server keeps only its SHA-256. */
  key: string
}
