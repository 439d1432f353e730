import type { ErrorCode } from '../errors/codes'
import type { ReadOptions } from '../pipeline/call-options'
import { expectOptions, optionNames } from '../pipeline/option-names'
import type { Pipeline } from '../pipeline/pipeline'
import type { Written } from '../protocol/model'
import type { KnownPosition } from '../protocol/position'
import { decodeValue, encodeValue, type WireEntry } from '../protocol/value'
import { KV, type KvUpdate } from '../watch/kv-kind'
import { type BucketSnapshot, LIVE_KV } from '../watch/live-kinds'
import type { LiveOptions, LiveValue } from '../watch/live-value'
import type { LiveValues } from '../watch/live-values'
import type { SubscriptionSet, Target } from '../watch/subscription-set'
import { WATCH_HANDLERS, type Watcher } from '../watch/watcher'
import type { HistoryOptions } from './config-api'
import { expecting } from './expecting'
import type {
  BucketWatchHandlers,
  BucketWatchOptions,
  DeleteOptions,
  KvBucket,
  KvEntry,
  KvReadOptions,
  PutOptions,
} from './kv-bucket'
import { untilNoConflict } from './modify'
import { collect, pages } from './paging'

/** {@link KvBucket} over a pipeline and a set of subscriptions. */
export class Bucket<T> implements KvBucket<T> {
  constructor(
    readonly name: string,
    private readonly pipeline: Pipeline,
    private readonly subscriptions: SubscriptionSet,
    private readonly lives: LiveValues,
  ) {}

  async get(key: string, options?: KvReadOptions): Promise<KvEntry<T>> {
    return this.pipeline.call('kv.get', { ...this.at(key), revision: options?.revision }, options, readEntry<T>)
  }

  async find(key: string, options?: KvReadOptions): Promise<KvEntry<T> | undefined> {
    return this.pipeline.find('kv.get', { ...this.at(key), revision: options?.revision }, options, readEntry<T>)
  }

  async put(key: string, value: T, options?: PutOptions): Promise<Written> {
    return this.write('kv.put', key, value, undefined, options)
  }

  async create(key: string, value: T, options?: PutOptions): Promise<Written> {
    return this.write('kv.create', key, value, undefined, options)
  }

  async update(key: string, value: T, expected: number | KnownPosition, options?: PutOptions): Promise<Written> {
    return this.write('kv.update', key, value, expected, options)
  }

  async modify(
    key: string,
    change: (current: T | undefined) => T | Promise<T>,
    options: PutOptions = {},
  ): Promise<Written & { value: T }> {
    expectOptions(options, optionNames('kv.put'))
    const { ttlSeconds: _, ...reading } = options
    return untilNoConflict(this.pipeline, options, async () => {
      const current = await this.find(key, reading)
      const value = await change(current?.value)
      const method = current ? 'kv.update' : 'kv.create'
      return async (conflict) => ({ ...(await this.write(method, key, value, current, options, conflict)), value })
    })
  }

  async delete(key: string, options?: DeleteOptions): Promise<Written> {
    return this.pipeline.call('kv.delete', { ...this.at(key), ...expecting(options?.ifRevision) }, options)
  }

  async purge(key: string, options?: DeleteOptions): Promise<Written> {
    return this.pipeline.call('kv.purge', { ...this.at(key), ...expecting(options?.ifRevision) }, options)
  }

  async listKeys(filter?: string, options?: ReadOptions): Promise<string[]> {
    return collect(this.keyPages(filter, options))
  }

  async *keys(filter?: string, options?: ReadOptions): AsyncGenerator<string, void, undefined> {
    for await (const keys of this.keyPages(filter, options)) yield* keys
  }

  async *entries(filter?: string, options?: ReadOptions): AsyncGenerator<KvEntry<T>, void, undefined> {
    const params = { bucket: this.name, filter }
    for await (const page of pages(this.pipeline, 'kv.entries', params, options, readEntries<T>)) yield* page
  }

  async history(key: string, options?: HistoryOptions): Promise<KvEntry<T | undefined>[]> {
    const found = pages(this.pipeline, 'kv.history', this.at(key), options, readEntries<T | undefined>, options?.limit)
    return collect(found)
  }

  watch(handlers: BucketWatchHandlers<T> = {}, options: BucketWatchOptions = {}): Watcher<KvUpdate<T>> {
    expectOptions(handlers, `onUpdate ${WATCH_HANDLERS}`, 'handlers')
    expectOptions(options, 'key updatesOnly signal')
    const { key, updatesOnly } = options
    const wanted = { ...this.filtered(key), updatesOnly }
    const onEvent = handlers.onUpdate as ((event: KvUpdate) => unknown) | undefined
    return this.subscriptions.watch(KV, wanted, onEvent, handlers, options) as Watcher<KvUpdate<T>>
  }

  live(filter?: string | string[], options: LiveOptions<BucketSnapshot<T>> = {}): LiveValue<BucketSnapshot<T>> {
    return this.lives.of(LIVE_KV, this.filtered(filter), options) as LiveValue<BucketSnapshot<T>>
  }

  private filtered(filter: string | string[] | undefined): Target {
    return { target: this.name, filters: filter === undefined ? undefined : [filter].flat() }
  }

  private keyPages(filter: string | undefined, options: ReadOptions | undefined): AsyncIterable<readonly string[]> {
    return pages(this.pipeline, 'kv.keys', { bucket: this.name, filter }, options, ({ keys }) => keys)
  }

  private at(key: string): { bucket: string; key: string } {
    return { bucket: this.name, key }
  }

  /** @param conflict an outcome that is not reported */
  private write(
    method: 'kv.put' | 'kv.create' | 'kv.update',
    key: string,
    value: T,
    expected: number | KnownPosition | undefined,
    options: PutOptions | undefined,
    conflict?: ErrorCode,
  ): Promise<Written> {
    const { ttlSeconds } = options ?? {}
    const params = () => ({ ...this.at(key), ...encodeValue(value), ...expecting(expected), ttlSeconds })
    return this.pipeline.call(method, params, options, undefined, conflict)
  }
}

/** An entry as users see it. Some other server's JSON would fail much later, in the code that reads `value`. */
function readEntry<T>({ bucket, key, revision, epoch, createdAt, operation, ...content }: WireEntry): KvEntry<T> {
  if (typeof key !== 'string' || typeof revision !== 'number') throw new TypeError('it is no entry of a bucket')
  return { bucket, key, value: decodeValue(content) as T, revision, epoch, createdAt, operation }
}

function readEntries<T>({ entries }: { entries: WireEntry[] }): KvEntry<T>[] {
  return entries.map(readEntry<T>)
}
