import type { CallOptions, ReadOptions } from '../pipeline/call-options'
import type { Pipeline } from '../pipeline/pipeline'
import type { Result } from '../protocol/contract'
import type { ConfigEntry, ConfigSummary, ConfigVersion, Written } from '../protocol/model'
import type { KnownPosition } from '../protocol/position'
import { encodeJson } from '../protocol/value'
import { CONFIG, type ConfigDelete, type ConfigUpdate } from '../watch/config-kind'
import { LiveDocument } from '../watch/live-document'
import type { SubscriptionSet } from '../watch/subscription-set'
import type { Watcher, WatchHandlers, WatchOptions } from '../watch/watcher'
import { expecting } from './expecting'
import { untilNoConflict } from './modify'
import { collect, pages } from './paging'

/** Options of a write that is to happen only if the document is as it was. */
export interface ConfigWriteOptions extends CallOptions {
  /**
   * Only if the document has this revision: a number, or the document that was read; 0: only if it does not exist. Else
   * `ConflictError`.
   */
  ifRevision?: number | KnownPosition | undefined
}

/** Callbacks of a watch of a document. */
export interface ConfigWatchHandlers<T> extends WatchHandlers {
  onUpdate?: ((update: ConfigUpdate<T>) => unknown) | undefined
  onDelete?: ((deletion: ConfigDelete) => unknown) | undefined
}

/** Config documents: named JSON objects, each in one environment. `client.config()`. */
export class ConfigSurface {
  constructor(
    private readonly pipeline: Pipeline,
    private readonly subscriptions: SubscriptionSet,
  ) {}

  /**
   * The document, or, with `revision`, one of its earlier versions. With `known`, the document as it was read before, the
   * server sends its content only where there is a newer one; where there is none, `known` is the result.
   *
   * @throws NotFoundError where there is none
   * @example
   * ```ts
   * const { data, revision } = await client.config().get<{ seats: number }>('limits')
   * ```
   */
  // biome-ignore lint/suspicious/noExplicitAny: a document read without a type parameter is used as its writer knows it
  async get<T = any>(
    name: string,
    options: ReadOptions & { revision?: number; known?: ConfigEntry<T> | undefined } = {},
  ): Promise<ConfigEntry<T>> {
    return this.pipeline.call('config.get', { name, revision: options.revision }, options, readEntry<T>)
  }

  /** As {@link get}, but a document that does not exist is `undefined`, and no matter for `onError`. */
  async find<T = unknown>(name: string, options?: ReadOptions): Promise<ConfigEntry<T> | undefined> {
    return this.pipeline.find('config.get', { name }, options, readEntry<T>)
  }

  /**
   * Writes the whole document.
   *
   * @throws ConflictError with `currentRevision`, where `ifRevision` or `createOnly` says no
   * @throws ValidationError where `data` is no JSON object
   */
  async set(
    name: string,
    data: object,
    options: ConfigWriteOptions & { createOnly?: boolean | undefined } = {},
  ): Promise<ConfigSummary> {
    const { ifRevision, createOnly } = options
    const params = () => ({ name, data: encodeJson(data, 'data'), ...expecting(ifRevision), createOnly })
    return this.pipeline.call('config.set', params, options)
  }

  /**
   * Writes the given top-level fields and leaves the others; `null` is a value. Makes the document where there is none.
   * Patches of different fields made at the same time all survive.
   */
  async patch(name: string, fields: object, options: ConfigWriteOptions = {}): Promise<ConfigSummary> {
    const params = () => ({ name, fields: encodeJson(fields, 'fields'), ...expecting(options.ifRevision) })
    return this.pipeline.call('config.patch', params, options)
  }

  /**
   * Reads the document (`undefined` where there is none), writes what `change` makes of it, and starts over when
   * another write came in between.
   *
   * @throws ConflictError when that happened 64 times in a row, or until the time (`timeoutMs`) was up
   */
  async modify<T extends object>(
    name: string,
    change: (current: T | undefined) => T | Promise<T>,
    options: CallOptions = {},
  ): Promise<ConfigEntry<T>> {
    return untilNoConflict(this.pipeline, options, async () => {
      const current = await this.find<T>(name, options)
      const data = await change(current?.data)
      const ifRevision = current ?? 0
      return async (inner) => ({ ...(await this.set(name, data, { ...inner, ifRevision })), data })
    })
  }

  /** Deletes the document; fine also where there is none. */
  async delete(name: string, options: ConfigWriteOptions = {}): Promise<Written> {
    return this.pipeline.call('config.delete', { name, ...expecting(options.ifRevision) }, options)
  }

  /** All documents of the environment that the key may read, by name, without their content. */
  async list(options?: ReadOptions): Promise<ConfigSummary[]> {
    return collect(pages(this.pipeline, 'config.list', {}, options, ({ configs }) => configs))
  }

  /** The document's versions, newest first; the server keeps 64 of them. */
  async history<T = unknown>(
    name: string,
    options: ReadOptions & { limit?: number } = {},
  ): Promise<ConfigVersion<T>[]> {
    const versionsOf = (result: Result<'config.history'>) => result.versions as ConfigVersion<T>[]
    return collect(pages(this.pipeline, 'config.history', { name }, options, versionsOf, options.limit))
  }

  /** Writes the content of an earlier revision again, as a new one. @throws NotFoundError where it is not kept */
  async rollback(name: string, revision: number, options: ConfigWriteOptions = {}): Promise<ConfigSummary> {
    return this.pipeline.call('config.rollback', { name, revision, ...expecting(options.ifRevision) }, options)
  }

  /**
   * Follows the document: what it is now, if it is, then every change. Without `onUpdate` and `onDelete`, events wait for
   * the iterator.
   *
   * @example
   * ```ts
   * const watcher = client.config().watch<Limits>('limits', { onUpdate: ({ data }) => apply(data) })
   * await watcher.ready
   * ```
   */
  // biome-ignore lint/suspicious/noExplicitAny: a document read without a type parameter is used as its writer knows it
  watch<T = any>(
    name: string,
    handlers: ConfigWatchHandlers<T> = {},
    options: WatchOptions = {},
  ): Watcher<ConfigUpdate<T> | ConfigDelete> {
    const { onUpdate, onDelete } = handlers as ConfigWatchHandlers<unknown>
    const onEvent = (event: ConfigUpdate | ConfigDelete) =>
      event.type === 'config_update' ? onUpdate?.(event) : onDelete?.(event)
    const watcher = this.subscriptions.watch(
      CONFIG,
      { target: name },
      onUpdate || onDelete ? onEvent : undefined,
      handlers,
      options,
    )
    return watcher as Watcher<ConfigUpdate<T> | ConfigDelete>
  }

  /** Keeps the newest content of the document in memory, to be read at any time without a call. */
  // biome-ignore lint/suspicious/noExplicitAny: a document read without a type parameter is used as its writer knows it
  live<T = any>(name: string, options: WatchOptions & WatchHandlers = {}): LiveDocument<T> {
    const watch = (onUpdate: (update: ConfigUpdate<T>) => void, onDelete: (deletion: ConfigDelete) => void) =>
      this.watch<T>(name, { ...options, onUpdate, onDelete }, options)
    return new LiveDocument(watch, () => this.pipeline.platform.now())
  }
}

/** Returns the result as a document. Some other server's JSON would fail much later, in the code that reads `data`. */
function readEntry<T>(result: ConfigEntry): ConfigEntry<T> {
  if (!Object.hasOwn(result, 'data')) throw new TypeError('it is no config document')
  return result as ConfigEntry<T>
}
