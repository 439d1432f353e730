import { invalid, NotFoundError } from '@ironflow/core/errors'
import {
  type ConfigEntry,
  type ConfigSummary,
  type ConfigVersion,
  type IfRevision,
  mergeMembers,
  type Params,
  type Position,
  type RawJson,
  readMembers,
} from '@ironflow/core/protocol'
import type { BucketConfig } from '../engine/bucket-config'
import type { Engine } from '../engine/engine'
import type { Commit, Entry, StoredValue } from '../engine/entry'
import type { PutOptions } from '../engine/write-options'
import type { Limits } from '../limits'
import { giveWay } from '../turns'
import type { Answer } from './answer'
import { type KeyedQueue, readModifyWrite } from './commit'
import { type Context, positionOf, readOptions, writeOptions } from './context'
import { decodeCursor, decodeRevisionCursor, encodeCursor } from './cursor'
import { readHistory } from './history'
import { configBucket } from './keyspace'
import type { PageReader } from './page'
import { visiblePage } from './visible-page'
import { embedded, timeText } from './wire-value'

/** Characters of a patch that is merged in a turn of the event loop of its own: to check it has taken one already. */
const LARGE_PATCH = 65_536

/**
 * Config documents: named JSON objects, all of an environment's in one bucket. Parameters arrive
 * validated: documents as text. Nothing here builds their values, which could take long.
 */
export class ConfigDocuments {
  /** Buckets whose options were compared with this server's limits. */
  private readonly settled = new Set<string>()

  constructor(
    private readonly engine: Engine,
    private readonly queue: KeyedQueue,
    private readonly limits: Limits,
    private readonly pages: PageReader,
  ) {}

  /** @param isVisible which names the caller may see */
  async list(
    { limit, cursor }: Params<'config.list'>,
    context: Context,
    isVisible: (name: string) => boolean,
  ): Promise<Answer<'config.list'>> {
    let position: Position | undefined
    const read = async (after: string | undefined, count: number) => {
      const query = { ...readOptions(context), after, limit: count, values: false }
      const page = await this.engine.entries(configBucket(context.environment), query)
      // The oldest one: everything up to it is in the page, whatever was written while it was read.
      position ??= page.position
      return { items: page.entries.filter(({ key }) => isVisible(key)), next: page.next }
    }
    const after = decodeCursor('config', cursor)
    const { items, next } = await visiblePage(limit ?? this.limits.pageItems, after, read, ({ key }) => key)
    const configs = items.map((entry) => summary(entry.key, entry))
    const nextCursor = next === undefined ? undefined : encodeCursor('config', next)
    return { result: { configs, count: configs.length, nextCursor }, position }
  }

  async get({ name, revision }: Params<'config.get'>, context: Context): Promise<Answer<'config.get'>> {
    const options = { ...readOptions(context), revision }
    const entry = await this.engine.get(configBucket(context.environment), name, options)
    if (!entry?.value) throw noDocument(name, revision, context)
    const result: ConfigEntry = { ...summary(name, entry), data: embedded(entry.value) }
    return { result, position: entry, expiresAt: entry.expiresAt }
  }

  async set(params: Params<'config.set'>, context: Context): Promise<Answer<'config.set'>> {
    const { name, data, createOnly } = params
    const bucket = await this.bucket(context)
    const options = this.putOptions(params, context)
    if (createOnly) options.expectedRevision = 0
    return written(name, await this.engine.put(bucket, name, encode((data as RawJson).text), options))
  }

  async patch(params: Params<'config.patch'>, context: Context): Promise<Answer<'config.patch'>> {
    const { name, ifRevision } = params
    const { text } = params.fields as RawJson
    const fields = this.fieldsOf(text)
    if (text.length > LARGE_PATCH) await new Promise<void>(giveWay)
    const bucket = await this.bucket(context)
    const options = this.putOptions(params, context)
    if (ifRevision === undefined) {
      const merge = (current: Entry | undefined) => merged(current?.value, fields)
      const bytesOf = () => text.length
      return written(name, await readModifyWrite(this.engine, this.queue, bucket, name, merge, bytesOf, options))
    }
    // Whatever is read here, it is written over only if it still has the revision that the caller saw.
    const current = await this.engine.get(bucket, name)
    return written(name, await this.engine.put(bucket, name, merged(current?.value, fields), options))
  }

  async delete(params: Params<'config.delete'>, context: Context): Promise<Answer<'config.delete'>> {
    const bucket = configBucket(context.environment)
    const commit = await this.engine.delete(bucket, params.name, writeOptions(params, context))
    return { result: positionOf(commit), position: commit }
  }

  async history(
    { name, limit, cursor }: Params<'config.history'>,
    context: Context,
  ): Promise<Answer<'config.history'>> {
    const before = decodeRevisionCursor('versions', cursor)
    const bounds = { items: limit ?? this.limits.pageItems, bytes: this.limits.pageBytes }
    const page = { bucket: configBucket(context.environment), key: name, bounds, before, ...readOptions(context) }
    const { items, next } = await readHistory(this.engine, page, this.pages)
    if (items.length === 0 && cursor === undefined) throw noDocument(name, undefined, context)
    const versions = items.map((entry) => version(name, entry))
    const nextCursor = next === undefined ? undefined : encodeCursor('versions', String(next))
    return { result: { versions, count: versions.length, nextCursor } }
  }

  async rollback(params: Params<'config.rollback'>, context: Context): Promise<Answer<'config.rollback'>> {
    const { name, revision } = params
    const bucket = await this.bucket(context)
    const entry = await this.engine.get(bucket, name, { revision })
    if (!entry?.value) throw noDocument(name, revision, context)
    return written(name, await this.engine.put(bucket, name, entry.value, this.putOptions(params, context)))
  }

  /** The fields of a patch by name. @throws ValidationError for more than can be looked up one by one */
  private fieldsOf(text: string): ReadonlyMap<string, string> {
    const { jsonItems } = this.limits
    const fields = readMembers(text, jsonItems)
    if (!fields) throw invalid({ fields: `has more than ${jsonItems} fields (limit jsonItems)` })
    return fields
  }

  /** The bucket of the environment's documents, with its options as this server's limits say. */
  private async bucket({ environment }: Context): Promise<string> {
    const bucket = configBucket(environment)
    if (this.settled.has(bucket)) return bucket
    const { history, maxValueSize } = this.bucketConfig
    const there = await this.engine.bucketInfo(bucket)
    if (there && (there.history !== history || there.maxValueSize !== maxValueSize)) {
      await this.engine.updateBucket(bucket, { history, maxValueSize })
    }
    this.settled.add(bucket)
    return bucket
  }

  /** What the bucket gets from the write that makes it, whenever that is: it may be deleted while a server runs. */
  private get bucketConfig(): BucketConfig {
    return { history: this.limits.configHistory, maxValueSize: this.limits.maxValueSize }
  }

  private putOptions(params: IfRevision, context: Context): PutOptions {
    return { ...writeOptions(params, context), bucketConfig: this.bucketConfig }
  }
}

function encode(text: string): StoredValue {
  return { encoding: 'json', text }
}

/** The document with the given fields laid over, all as text. */
function merged(current: StoredValue | undefined, fields: ReadonlyMap<string, string>): StoredValue {
  const text = !current ? '{}' : current.encoding === 'json' ? current.text : ''
  const document = mergeMembers(text, fields)
  if (document === undefined) throw invalid({ fields: 'cannot be merged: what is stored is no JSON object' })
  return encode(document)
}

function summary(name: string, { revision, epoch, createdAt }: Commit): ConfigSummary {
  return { name, revision, epoch, updatedAt: timeText(createdAt) }
}

function version(name: string, entry: Entry): ConfigVersion {
  const data = embedded(entry.value)
  return { ...summary(name, entry), data, operation: entry.operation === 'put' ? 'put' : 'delete' }
}

function written(name: string, commit: Commit): { result: ConfigSummary; position: Position } {
  return { result: summary(name, commit), position: commit }
}

function noDocument(name: string, revision: number | undefined, { environment }: Context): NotFoundError {
  const which = revision === undefined ? '' : ` with a value at revision ${revision}`
  const message = `there is no config document "${name}"${which} in environment "${environment}"`
  return new NotFoundError(message, 'not_found')
}
