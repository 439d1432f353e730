import { NotFoundError } from '@ironflow/core/errors'
import type { Encoding, Params, Position, RawJson, WireEntry, Written } from '@ironflow/core/protocol'
import type { Engine } from '../engine/engine'
import type { Commit, Entry, StoredValue } from '../engine/entry'
import { NO_BUCKET } from '../engine/queries'
import type { WriteOptions } from '../engine/write-options'
import type { Limits } from '../limits'
import type { Answer } from './answer'
import type { Buckets } from './buckets'
import { type Context, positionOf, readOptions, writeOptions } from './context'
import { decodeCursor, decodeRevisionCursor, encodeCursor } from './cursor'
import { readHistory } from './history'
import { storedName } from './keyspace'
import type { PageReader, PageSource } from './page'
import { embedded, timeText } from './wire-value'

/** Keys and their values. Parameters arrive validated: JSON as text, bytes as bytes. */
export class KeyValues {
  constructor(
    private readonly engine: Engine,
    private readonly buckets: Buckets,
    private readonly limits: Limits,
    private readonly pages: PageReader,
  ) {}

  async get({ bucket, key, revision }: Params<'kv.get'>, context: Context): Promise<Answer<'kv.get'>> {
    const options = { ...readOptions(context), revision }
    const entry = await this.engine.get(storedName(context.environment, bucket), key, options)
    if (!entry?.value) throw noKey(bucket, key, revision, context)
    return { result: wireEntry(bucket, entry), position: entry, expiresAt: entry.expiresAt }
  }

  async keys(params: Params<'kv.keys'>, context: Context): Promise<Answer<'kv.keys'>> {
    const { bucket, filter, limit, cursor } = params
    const after = decodeCursor('keys', cursor)
    const query = {
      ...readOptions(context),
      filters: filtersOf(filter),
      after,
      limit: limit ?? this.limits.pageItems,
      values: false,
    }
    const { entries, next, position } = await this.engine.entries(storedName(context.environment, bucket), query)
    const keys = entries.map(({ key }) => key)
    const nextCursor = next === undefined ? undefined : encodeCursor('keys', next)
    return { result: { keys, count: keys.length, ...position, nextCursor }, position }
  }

  async entries(params: Params<'kv.entries'>, context: Context): Promise<Answer<'kv.entries'>> {
    const { bucket, filter, limit, cursor } = params
    const bounds = { items: limit ?? this.limits.pageItems, bytes: this.limits.pageBytes }
    const shared = { ...readOptions(context), filters: filtersOf(filter), values: true }
    let first: Position | undefined
    const source: PageSource<Entry, string> = {
      read: async (after, count, bytes) => {
        const query = { ...shared, after, limit: count, bytes }
        const page = await this.engine.entries(storedName(context.environment, bucket), query)
        // The oldest one: everything up to it is in the page, whatever was written while it was read.
        first ??= page.position
        return { items: page.entries, next: page.next }
      },
      placeOf: ({ key }) => key,
    }
    const { items, next } = await this.pages.fill(bounds, decodeCursor('keys', cursor), source)
    const position = first ?? NO_BUCKET
    const entries = items.map((entry) => wireEntry(bucket, entry))
    const nextCursor = next === undefined ? undefined : encodeCursor('keys', next)
    return { result: { entries, count: entries.length, ...position, nextCursor }, position }
  }

  async history({ bucket, key, limit, cursor }: Params<'kv.history'>, context: Context): Promise<Answer<'kv.history'>> {
    const before = decodeRevisionCursor('history', cursor)
    const bounds = { items: limit ?? this.limits.pageItems, bytes: this.limits.pageBytes }
    const page = { bucket: storedName(context.environment, bucket), key, bounds, before, ...readOptions(context) }
    const { items, next } = await readHistory(this.engine, page, this.pages)
    if (items.length === 0 && cursor === undefined) throw noKey(bucket, key, undefined, context)
    const entries = items.map((entry) => wireEntry(bucket, entry))
    const nextCursor = next === undefined ? undefined : encodeCursor('history', String(next))
    return { result: { entries, count: entries.length, nextCursor } }
  }

  async put(params: Params<'kv.put'>, context: Context): Promise<Answer<'kv.put'>> {
    return this.write(params, context, writeOptions({}, context))
  }

  async create(params: Params<'kv.create'>, context: Context): Promise<Answer<'kv.create'>> {
    return this.write(params, context, { ...writeOptions({}, context), expectedRevision: 0 })
  }

  async update(params: Params<'kv.update'>, context: Context): Promise<Answer<'kv.update'>> {
    return this.write(params, context, writeOptions(params, context))
  }

  async delete(params: Params<'kv.delete'>, context: Context): Promise<Answer<'kv.delete'>> {
    const stored = storedName(context.environment, params.bucket)
    return written(await this.engine.delete(stored, params.key, writeOptions(params, context)))
  }

  async purge(params: Params<'kv.purge'>, context: Context): Promise<Answer<'kv.purge'>> {
    const stored = storedName(context.environment, params.bucket)
    return written(await this.engine.purge(stored, params.key, writeOptions(params, context)))
  }

  private async write(
    params: Params<'kv.put'>,
    { environment }: Context,
    options: WriteOptions,
  ): Promise<{ result: Written; position: Position }> {
    const { bucket, key, ttlSeconds } = params
    // A key that must be there needs no new bucket: that would outlive the conflict.
    const makesBucket = (options.expectedRevision ?? 0) === 0
    const value = storedValue(params)
    const stored = makesBucket
      ? await this.buckets.forWriting(environment, bucket, value)
      : storedName(environment, bucket)
    return written(await this.engine.put(stored, key, value, { ...options, ttlSeconds }))
  }
}

/** An entry as it travels. */
export function wireEntry(bucket: string, { key, value, revision, epoch, createdAt, operation }: Entry): WireEntry {
  return {
    bucket,
    key,
    value: embedded(value),
    encoding: value?.encoding,
    revision,
    epoch,
    createdAt: timeText(createdAt),
    operation,
  }
}

function filtersOf(filter: string | undefined): readonly string[] | undefined {
  return filter === undefined ? undefined : [filter]
}

function storedValue({ value, encoding }: { value: unknown; encoding: Encoding }): StoredValue {
  if (encoding === 'json') return { encoding, text: (value as RawJson).text }
  if (encoding === 'text') return { encoding, text: value as string }
  return { encoding, bytes: value as Uint8Array }
}

function written(commit: Commit): { result: Written; position: Position } {
  return { result: positionOf(commit), position: commit }
}

function noKey(bucket: string, key: string, revision: number | undefined, { environment }: Context): NotFoundError {
  const which = revision === undefined ? '' : ` with a value at revision ${revision}`
  const message = `there is no key "${key}"${which} in bucket "${bucket}" of environment "${environment}"`
  return new NotFoundError(message, 'not_found')
}
