import { type ApiKey, ROLES, type Role } from '@ironflow/core/protocol'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { StoredValue } from '../engine/entry'
import { sha256 } from '../sha256'

/** An API key as it is kept: its hash, never itself. */
export interface KeyRecord extends ApiKey {
  /** SHA-256 of the key, hex. */
  readonly hash: string
}

/** Hex digits of the hash that name a key; also the key under which its record is kept, so that a look-up is one read. */
const ID_DIGITS = 32

/** An API key as it is handed out. */
export const API_KEY_SYNTAX = /^ifkey_[0-9a-f]{48}$/

/** Returns the SHA-256 of an API key, hex. */
export function hashOf(apiKey: string): string {
  return sha256(apiKey)
}

export function idOf(hash: string): string {
  return hash.slice(0, ID_DIGITS)
}

/** Whether a key of the bucket names a record; others are marks of the server's own. */
export function isKeyId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text)
}

/** A new API key: 192 bits of chance. */
export function generateApiKey(): string {
  return `ifkey_${bytesToHex(crypto.getRandomValues(new Uint8Array(24)))}`
}

export function encodeRecord(record: KeyRecord): StoredValue {
  return { encoding: 'json', text: JSON.stringify(record) }
}

/** The record in a stored value; `undefined` where it is none, which somebody else must have written. */
export function decodeRecord(value: StoredValue | undefined): KeyRecord | undefined {
  if (value?.encoding !== 'json') return undefined
  try {
    const record = JSON.parse(value.text) as Partial<KeyRecord> | null
    const whole = typeof record?.hash === 'string' && typeof record.id === 'string' && isRole(record.role)
    return whole ? (record as KeyRecord) : undefined
  } catch {
    return undefined
  }
}

function isRole(role: unknown): role is Role {
  return typeof role === 'string' && Object.hasOwn(ROLES, role)
}
