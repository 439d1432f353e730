import { invalid, isIronflowError, NotFoundError } from '@ironflow/core/errors'
import {
  type ConfigEntry,
  type ConfigSummary,
  type ConfigVersion,
  mergeMembers,
  type Params,
  RawJson,
} from '@ironflow/core/protocol'
import type { BucketConfig, Commit, Engine, Entry, ReadOptions, StoredValue } from '../engine/engine'
import { configBucket } from '../keyspace'
import type { Limits } from '../options'
import type { Answer } from './answer'
import { expectation, KeyedQueue, readModifyWrite } from './commit'
import { decodeCursor, decodeRevisionCursor, encodeCursor } from './cursor'
import { fillPage } from './page'

/**
 * Config documents: named JSON objects, all of an environment's in one bucket. Parameters arrive
 * validated: documents as text. Nothing here builds their values, which could take long.
 */
export class ConfigDocuments {
  private readonly patches = new KeyedQueue()
  /** Buckets known to be there with a document's history; a put would make one with an ordinary bucket's. */
  private readonly made = new Set<string>()

  constructor(
    private readonly engine: Engine,
    private readonly limits: Limits,
  ) {}

  /** @param isVisible which names the caller may see */
  async list(
    environment: string,
    { limit, cursor }: Params<'config.list'>,
    options: ReadOptions,
    isVisible: (name: string) => boolean,
  ): Promise<Answer<'config.list'>> {
    const after = decodeCursor('config', cursor)
    const query = { minRevision: options.minRevision, after, limit: limit ?? this.limits.pageItems, values: false }
    const page = await this.engine.entries(configBucket(environment), query)
    const configs = page.entries.filter(({ key }) => isVisible(key)).map((entry) => summary(entry.key, entry))
    const nextCursor = page.next === undefined ? undefined : encodeCursor('config', page.next)
    return { result: { configs, count: configs.length, nextCursor }, revision: page.revision }
  }

  async get(
    environment: string,
    { name, revision }: Params<'config.get'>,
    options: ReadOptions,
  ): Promise<Answer<'config.get'>> {
    const entry = await this.engine.get(configBucket(environment), name, { minRevision: options.minRevision, revision })
    if (!entry?.value) throw noDocument(name, revision)
    const result: ConfigEntry = { ...summary(name, entry), data: embedded(entry.value) }
    return { result, revision: entry.revision, expiresAt: entry.expiresAt }
  }

  async set(environment: string, params: Params<'config.set'>): Promise<Answer<'config.set'>> {
    const { name, data, createOnly } = params
    const bucket = await this.bucket(environment)
    const expected = await expectation(this.engine, bucket, name, params)
    if (createOnly) expected.expectedRevision = 0
    return written(name, await this.engine.put(bucket, name, encode((data as RawJson).text), expected))
  }

  async patch(environment: string, params: Params<'config.patch'>): Promise<Answer<'config.patch'>> {
    const { name, ifRevision } = params
    const fields = (params.fields as RawJson).text
    const bucket = await this.bucket(environment)
    const expected = await expectation(this.engine, bucket, name, params)
    if (ifRevision === undefined) {
      const merge = (current: Entry | undefined) => merged(current?.value, fields)
      return written(name, await readModifyWrite(this.engine, this.patches, bucket, name, merge))
    }
    // Whatever is read here, it is written over only if it still has the revision that the caller saw.
    const current = await this.engine.get(bucket, name)
    return written(name, await this.engine.put(bucket, name, merged(current?.value, fields), expected))
  }

  async delete(environment: string, params: Params<'config.delete'>): Promise<Answer<'config.delete'>> {
    const bucket = configBucket(environment)
    const expected = await expectation(this.engine, bucket, params.name, params)
    const { revision } = await this.engine.delete(bucket, params.name, expected)
    return { result: { revision }, revision }
  }

  async history(
    environment: string,
    { name, limit, cursor }: Params<'config.history'>,
    options: ReadOptions,
  ): Promise<Answer<'config.history'>> {
    const start = decodeRevisionCursor('versions', cursor)
    const bounds = { items: limit ?? this.limits.pageItems, bytes: this.limits.pageBytes }
    const { items, next } = await fillPage(bounds, start, async (before, count) => {
      const entries = await this.engine.history(configBucket(environment), name, {
        minRevision: options.minRevision,
        before,
        limit: count,
      })
      return { items: entries, next: entries.length < count ? undefined : entries.at(-1)?.revision }
    })
    if (items.length === 0 && cursor === undefined) throw noDocument(name, undefined)
    const versions = items.map((entry) => version(name, entry))
    const nextCursor = next === undefined ? undefined : encodeCursor('versions', String(next))
    return { result: { versions, count: versions.length, nextCursor } }
  }

  async rollback(environment: string, params: Params<'config.rollback'>): Promise<Answer<'config.rollback'>> {
    const { name, revision } = params
    const bucket = await this.bucket(environment)
    const expected = await expectation(this.engine, bucket, name, params)
    const entry = await this.engine.get(bucket, name, { revision })
    if (!entry?.value) throw noDocument(name, revision)
    return written(name, await this.engine.put(bucket, name, entry.value, expected))
  }

  /** The bucket of the environment's documents, made where it is not there, and as the limits are now. */
  private async bucket(environment: string): Promise<string> {
    const bucket = configBucket(environment)
    if (this.made.has(bucket)) return bucket
    const { configHistory: history, maxValueSize } = this.limits
    const there = await this.engine.bucketInfo(bucket)
    if (!there) await this.create(bucket, { history, maxValueSize })
    else if (there.history !== history || there.maxValueSize !== maxValueSize) {
      // The limits were changed since the bucket was made; they are this server's to say.
      await this.engine.updateBucket(bucket, { history, maxValueSize })
    }
    this.made.add(bucket)
    return bucket
  }

  private async create(bucket: string, config: BucketConfig): Promise<void> {
    try {
      await this.engine.createBucket(bucket, config)
    } catch (error) {
      // Another call, or another server, was first.
      if (!isIronflowError(error) || error.code !== 'already_exists') throw error
    }
  }
}

function encode(text: string): StoredValue {
  return { encoding: 'json', text }
}

/** The document with the given fields laid over, both as text. */
function merged(current: StoredValue | undefined, fields: string): StoredValue {
  if (!current) return encode(fields)
  const text = current.encoding === 'json' ? mergeMembers(current.text, fields) : undefined
  if (text === undefined) throw invalid({ fields: 'cannot be merged: what is stored is no JSON object' })
  return encode(text)
}

/** A stored document, to be sent as it is; one that another program wrote as text or bytes is sent as those. */
function embedded(value: StoredValue): unknown {
  if (value.encoding === 'base64') return value.bytes
  return value.encoding === 'json' ? new RawJson(value.text) : value.text
}

function summary(name: string, { revision, createdAt }: Commit): ConfigSummary {
  return { name, revision, updatedAt: new Date(createdAt).toISOString() }
}

function version(name: string, entry: Entry): ConfigVersion {
  const data = entry.value && embedded(entry.value)
  return { ...summary(name, entry), data, operation: entry.operation === 'put' ? 'put' : 'delete' }
}

function written(name: string, commit: Commit): { result: ConfigSummary; revision: number } {
  return { result: summary(name, commit), revision: commit.revision }
}

function noDocument(name: string, revision: number | undefined): NotFoundError {
  const which = revision === undefined ? '' : ` with a value at revision ${revision}`
  return new NotFoundError(`there is no config document ${name}${which}`, 'not_found')
}
