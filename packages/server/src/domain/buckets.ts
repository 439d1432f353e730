import { ConflictError, isIronflowError, NotFoundError } from '@ironflow/core/errors'
import type { BucketInfo, BucketOptions, Params, Position } from '@ironflow/core/protocol'
import type { BucketConfig, BucketRecord } from '../engine/bucket-config'
import type { Engine } from '../engine/engine'
import type { StoredValue } from '../engine/entry'
import { beyondLimit, DEFAULT_LIMITS, type Limits } from '../limits'
import type { Answer } from './answer'
import type { KeyedQueue } from './commit'
import { type Context, positionOf } from './context'
import { decodeCursor, encodeCursor } from './cursor'
import { bucketOf, isSystemBucket, storedName, storedPrefix } from './keyspace'
import { visiblePage } from './visible-page'
import { timeText } from './wire-value'

/** How many names of buckets known to be there are kept. */
const MAX_KNOWN = 100_000

/** Returns the options that an engine should give a bucket that a put creates: its `bucketDefaults`. */
export function bucketDefaults(limits: Pick<Limits, 'maxValueSize'> = DEFAULT_LIMITS): BucketConfig {
  return { history: 1, maxValueSize: limits.maxValueSize }
}

/** The buckets of an environment. Parameters arrive validated. */
export class Buckets {
  /** Stored names of buckets that were there, as a hint: a put of one that is gone by now makes it again. */
  private readonly known = new Set<string>()

  constructor(
    private readonly engine: Engine,
    private readonly queue: KeyedQueue,
    private readonly limits: Limits,
  ) {}

  async create(params: Params<'kv.createBucket'>, context: Context): Promise<Answer<'kv.createBucket'>> {
    const { environment, once } = context
    const { name, ifExists, ...options } = params
    const made = await this.make(environment, name, { ...bucketDefaults(this.limits), ...settled(options) }, { once })
    if (made) return answer(environment, made)
    const there = await this.record(environment, name)
    if (ifExists === 'update') {
      return { ...answer(environment, await this.engine.updateBucket(there.name, options, { once })), created: false }
    }
    const others = differences(there, { ...bucketDefaults(this.limits), ...settled(options) })
    if (others.length > 0) {
      const message = `there is a bucket "${name}" with other options (${others.join(', ')}); to change them, give ifExists: "update"`
      throw new ConflictError(message, 'already_exists')
    }
    return { ...answer(environment, there), created: false }
  }

  /** @param isVisible which names the caller may see */
  async list(
    { limit, cursor }: Params<'kv.listBuckets'>,
    { environment }: Context,
    isVisible: (name: string) => boolean,
  ): Promise<Answer<'kv.listBuckets'>> {
    const read = async (from: string | undefined, count: number) => {
      const after = from === undefined ? undefined : storedName(environment, from)
      const page = await this.engine.listBuckets(storedPrefix(environment), { after, limit: count })
      const items = page.buckets
        .map((record) => info(environment, record))
        .filter(({ name }) => !isSystemBucket(name) && isVisible(name))
      return { items, next: page.next === undefined ? undefined : bucketOf(environment, page.next) }
    }
    const after = decodeCursor('buckets', cursor)
    const { items, next } = await visiblePage(limit ?? this.limits.pageItems, after, read, ({ name }) => name)
    const nextCursor = next === undefined ? undefined : encodeCursor('buckets', next)
    return { result: { buckets: items, count: items.length, nextCursor } }
  }

  async info({ bucket }: Params<'kv.getBucketInfo'>, { environment }: Context): Promise<Answer<'kv.getBucketInfo'>> {
    return { result: info(environment, await this.record(environment, bucket)) }
  }

  async update(params: Params<'kv.updateBucket'>, context: Context): Promise<Answer<'kv.updateBucket'>> {
    const { environment, once } = context
    const { bucket, ...options } = params
    const { name } = await this.record(environment, bucket)
    return answer(environment, await this.engine.updateBucket(name, options, { once }))
  }

  async delete({ bucket }: Params<'kv.deleteBucket'>, context: Context): Promise<Answer<'kv.deleteBucket'>> {
    const stored = storedName(context.environment, bucket)
    const removal = await this.engine.deleteBucket(stored, context)
    this.known.delete(stored)
    if (!removal) throw noBucket(context.environment, bucket)
    return { result: positionOf(removal), position: removal }
  }

  /**
   * The stored name of a bucket that is about to be written to, made with the defaults where it is not there. The engine
   * would make it too, but it does not count them.
   *
   * @param value what is to be written
   * @throws storage_full where the environment has as many as it may, `unavailable` where too many writes wait
   */
  forWriting(environment: string, bucket: string, value: StoredValue): string | Promise<string> {
    const stored = storedName(environment, bucket)
    return this.known.has(stored) ? stored : this.ensure(environment, bucket, stored, value)
  }

  private async ensure(environment: string, bucket: string, stored: string, value: StoredValue): Promise<string> {
    if (!(await this.engine.bucketInfo(stored))) {
      const bytesOf = () => (value.encoding === 'base64' ? value.bytes.length : value.text.length)
      await this.make(environment, bucket, bucketDefaults(this.limits), { bytesOf })
    }
    this.remember(stored)
    return stored
  }

  /** Makes a bucket, one at a time in each environment so that they can be counted; `undefined`: it was there. */
  private make(
    environment: string,
    bucket: string,
    config: BucketConfig,
    { once, bytesOf }: { once?: string | undefined; bytesOf?: () => number } = {},
  ): Promise<BucketRecord | undefined> {
    const stored = storedName(environment, bucket)
    const work = async () => {
      const isThere = (await this.engine.bucketInfo(stored)) !== undefined
      if (isThere && once === undefined) return undefined
      // Of one that is there, the engine knows whether this very call has made it.
      if (!isThere) await this.expectRoom(environment)
      try {
        const record = await this.engine.createBucket(stored, config, { once })
        this.remember(stored)
        return record
      } catch (error) {
        if (isIronflowError(error) && error.code === 'already_exists') return undefined
        throw error
      }
    }
    return this.queue.run(environment, work, bytesOf)
  }

  private async expectRoom(environment: string): Promise<void> {
    const max = this.limits.bucketsPerEnvironment
    let count = 0
    let after: string | undefined
    do {
      const page = await this.engine.listBuckets(storedPrefix(environment), { after, limit: max + 8 })
      count += page.buckets.filter(({ name }) => !isSystemBucket(bucketOf(environment, name))).length
      after = page.next
    } while (after !== undefined && count < max)
    if (count >= max) {
      throw beyondLimit(
        'storage_full',
        `too many buckets in environment "${environment}"`,
        'bucketsPerEnvironment',
        this.limits,
      )
    }
  }

  private async record(environment: string, bucket: string): Promise<BucketRecord> {
    const record = await this.engine.bucketInfo(storedName(environment, bucket))
    if (!record) throw noBucket(environment, bucket)
    return record
  }

  private remember(stored: string): void {
    if (this.known.size >= MAX_KNOWN) this.known.clear()
    this.known.add(stored)
  }
}

function answer(environment: string, record: BucketRecord): { result: BucketInfo; position: Position } {
  const position = { epoch: record.epoch, revision: record.createdRevision }
  return { result: info(environment, record), position }
}

function info(environment: string, record: BucketRecord): BucketInfo {
  return {
    name: bucketOf(environment, record.name),
    description: record.description,
    ttlSeconds: record.ttlSeconds,
    history: record.history,
    maxBytes: record.maxBytes,
    maxValueSize: record.maxValueSize,
    values: record.values,
    bytes: record.bytes,
    createdAt: timeText(record.createdAt),
  }
}

/** Options without those that are not given. */
function settled(options: BucketOptions): Partial<BucketConfig> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

/** Returns where a bucket is not what was asked for. A limit of 0 is none, and no description is an empty one. */
function differences(there: BucketConfig, wanted: BucketConfig): string[] {
  const options: Record<keyof BucketConfig, string | number> = {
    description: '',
    ttlSeconds: 0,
    history: 1,
    maxBytes: 0,
    maxValueSize: 0,
  }
  const names = Object.keys(options) as (keyof BucketConfig)[]
  return names
    .filter((name) => (there[name] ?? options[name]) !== (wanted[name] ?? options[name]))
    .map((name) => `${name} is ${JSON.stringify(there[name] ?? options[name])}`)
}

function noBucket(environment: string, bucket: string): NotFoundError {
  return new NotFoundError(`there is no bucket "${bucket}" in environment "${environment}"`, 'not_found')
}
