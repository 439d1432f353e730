import { NotFoundError } from '@ironflow/core/errors'
import { type Encoding, type Params, RawJson, type WireEntry, type Written } from '@ironflow/core/protocol'
import type { Commit, Engine, Entry, ReadOptions, StoredValue } from '../engine/engine'
import { storedName } from '../keyspace'
import type { Limits } from '../options'
import type { Turns } from '../turns'
import type { Answer } from './answer'
import type { Buckets } from './buckets'
import { expectation } from './commit'
import { decodeCursor, decodeRevisionCursor, encodeCursor } from './cursor'
import { readHistory } from './history'
import { fillPage, type PageSource } from './page'

/** Keys and their values. Parameters arrive validated: JSON as text, bytes as bytes. */
export class KeyValues {
  constructor(
    private readonly engine: Engine,
    private readonly buckets: Buckets,
    private readonly limits: Limits,
    private readonly turns: Turns,
  ) {}

  async get(
    environment: string,
    { bucket, key, revision }: Params<'kv.get'>,
    options: ReadOptions,
  ): Promise<Answer<'kv.get'>> {
    const entry = await this.engine.get(storedName(environment, bucket), key, {
      minRevision: options.minRevision,
      revision,
    })
    if (!entry?.value) throw noKey(bucket, key, revision)
    return { result: wireEntry(bucket, entry), revision: entry.revision, expiresAt: entry.expiresAt }
  }

  async keys(environment: string, params: Params<'kv.keys'>, options: ReadOptions): Promise<Answer<'kv.keys'>> {
    const { bucket, filter, limit, cursor } = params
    const after = decodeCursor('keys', cursor)
    const query = {
      minRevision: options.minRevision,
      filters: filtersOf(filter),
      after,
      limit: limit ?? this.limits.pageItems,
      values: false,
    }
    const { entries, next, revision } = await this.engine.entries(storedName(environment, bucket), query)
    const keys = entries.map(({ key }) => key)
    const nextCursor = next === undefined ? undefined : encodeCursor('keys', next)
    return { result: { keys, count: keys.length, revision, nextCursor }, revision }
  }

  async entries(
    environment: string,
    params: Params<'kv.entries'>,
    options: ReadOptions,
  ): Promise<Answer<'kv.entries'>> {
    const { bucket, filter, limit, cursor } = params
    const bounds = { items: limit ?? this.limits.pageItems, bytes: this.limits.pageBytes }
    const shared = { minRevision: options.minRevision, filters: filtersOf(filter), values: true }
    let revision: number | undefined
    const source: PageSource<Entry, string> = {
      read: async (after, count, bytes) => {
        const query = { ...shared, after, limit: count, bytes }
        const page = await this.engine.entries(storedName(environment, bucket), query)
        // The oldest one: everything up to it is in the page, whatever was written while it was read.
        revision ??= page.revision
        return { items: page.entries, next: page.next }
      },
      placeOf: ({ key }) => key,
    }
    const { items, next } = await fillPage(bounds, decodeCursor('keys', cursor), source, this.turns)
    const entries = items.map((entry) => wireEntry(bucket, entry))
    const nextCursor = next === undefined ? undefined : encodeCursor('keys', next)
    return { result: { entries, count: entries.length, revision: revision ?? 0, nextCursor }, revision }
  }

  async history(
    environment: string,
    { bucket, key, limit, cursor }: Params<'kv.history'>,
    options: ReadOptions,
  ): Promise<Answer<'kv.history'>> {
    const before = decodeRevisionCursor('history', cursor)
    const bounds = { items: limit ?? this.limits.pageItems, bytes: this.limits.pageBytes }
    const { minRevision } = options
    const page = { bucket: storedName(environment, bucket), key, bounds, before, minRevision }
    const { items, next } = await readHistory(this.engine, page, this.turns)
    if (items.length === 0 && cursor === undefined) throw noKey(bucket, key, undefined)
    const entries = items.map((entry) => wireEntry(bucket, entry))
    const nextCursor = next === undefined ? undefined : encodeCursor('history', String(next))
    return { result: { entries, count: entries.length, nextCursor } }
  }

  async put(environment: string, params: Params<'kv.put'>): Promise<Answer<'kv.put'>> {
    const { bucket, key, ttlSeconds } = params
    const value = storedValue(params)
    const stored = await this.buckets.forWriting(environment, bucket, value)
    return written(await this.engine.put(stored, key, value, { ttlSeconds }))
  }

  async create(environment: string, params: Params<'kv.create'>): Promise<Answer<'kv.create'>> {
    const { bucket, key, ttlSeconds } = params
    const value = storedValue(params)
    const stored = await this.buckets.forWriting(environment, bucket, value)
    return written(await this.engine.put(stored, key, value, { ttlSeconds, expectedRevision: 0 }))
  }

  async update(environment: string, params: Params<'kv.update'>): Promise<Answer<'kv.update'>> {
    const { bucket, key, ttlSeconds, ifRevision } = params
    const value = storedValue(params)
    // A key that must be there needs no new bucket: that would outlive the conflict.
    const stored =
      ifRevision === 0 ? await this.buckets.forWriting(environment, bucket, value) : storedName(environment, bucket)
    const expected = await expectation(this.engine, stored, key, params)
    return written(await this.engine.put(stored, key, value, { ttlSeconds, ...expected }))
  }

  async delete(environment: string, params: Params<'kv.delete'>): Promise<Answer<'kv.delete'>> {
    const stored = storedName(environment, params.bucket)
    const expected = await expectation(this.engine, stored, params.key, params)
    return written(await this.engine.delete(stored, params.key, expected))
  }

  async purge(environment: string, params: Params<'kv.purge'>): Promise<Answer<'kv.purge'>> {
    const stored = storedName(environment, params.bucket)
    const expected = await expectation(this.engine, stored, params.key, params)
    return written(await this.engine.purge(stored, params.key, expected))
  }
}

/** An entry as it travels. */
export function wireEntry(bucket: string, { key, value, revision, createdAt, operation }: Entry): WireEntry {
  return {
    bucket,
    key,
    value: value && sentValue(value),
    encoding: value?.encoding,
    revision,
    createdAt: new Date(createdAt).toISOString(),
    operation,
  }
}

/** A stored value for the wire: JSON is embedded to the letter, bytes become base64 there. */
function sentValue(value: StoredValue): unknown {
  if (value.encoding === 'base64') return value.bytes
  return value.encoding === 'json' ? new RawJson(value.text) : value.text
}

function filtersOf(filter: string | undefined): readonly string[] | undefined {
  return filter === undefined ? undefined : [filter]
}

function storedValue({ value, encoding }: { value: unknown; encoding: Encoding }): StoredValue {
  if (encoding === 'json') return { encoding, text: (value as RawJson).text }
  if (encoding === 'text') return { encoding, text: value as string }
  return { encoding, bytes: value as Uint8Array }
}

function written({ revision }: Commit): { result: Written; revision: number } {
  return { result: { revision }, revision }
}

function noKey(bucket: string, key: string, revision: number | undefined): NotFoundError {
  const which = revision === undefined ? '' : ` with a value at revision ${revision}`
  return new NotFoundError(`there is no key ${key} in bucket ${bucket}${which}`, 'not_found')
}
