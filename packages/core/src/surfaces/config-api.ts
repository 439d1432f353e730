import type { CallOptions, ReadOptions } from '../pipeline/call-options'
import type { ConfigEntry, ConfigSummary, ConfigVersion, Written } from '../protocol/model'
import type { KnownPosition } from '../protocol/position'
import type { ConfigDelete, ConfigUpdate } from '../watch/config-kind'
import type { ConfigSnapshot } from '../watch/live-kinds'
import type { LiveOptions, LiveValue } from '../watch/live-value'
import type { Watcher, WatchHandlers, WatchOptions } from '../watch/watcher'
import type { TypeOf } from './schema'

/** Options of reading a document. */
export interface ConfigReadOptions<T = unknown> extends ReadOptions {
  /** An earlier version of the document instead of the newest. */
  revision?: number | undefined
  /**
   * The document as you read it before: the server sends its content only where there is a newer one; where there is
   * none, `known` is the result.
   */
  known?: ConfigEntry<T> | undefined
}

/** Options of a write that can depend on the document's revision. */
export interface ConfigWriteOptions extends CallOptions {
  /**
   * Only if the document has this revision: a number, or the document that was read; 0: only if it does not exist. Else
   * `ConflictError`.
   */
  ifRevision?: number | KnownPosition | undefined
}

/** Options of writing a whole document. */
export interface ConfigSetOptions extends ConfigWriteOptions {
  /** Only if the document does not exist. Else `ConflictError`. */
  createOnly?: boolean | undefined
}

/** Options of reading a history. */
export interface HistoryOptions extends ReadOptions {
  /** The most versions to read. Default: all that are kept. */
  limit?: number | undefined
}

/** Callbacks of a watch of a document. */
export interface ConfigWatchHandlers<T> extends WatchHandlers {
  onUpdate?: ((update: ConfigUpdate<T>) => unknown) | undefined
  onDelete?: ((deletion: ConfigDelete) => unknown) | undefined
}

/** Config documents: named JSON objects, each in one environment. `client.config()`. */
export interface ConfigApi {
  /**
   * Reads the document.
   *
   * @throws NotFoundError where there is none
   * @example
   * ```ts
   * const { data, revision } = await client.config().get<{ seats: number }>('limits')
   * ```
   */
  // biome-ignore lint/suspicious/noExplicitAny: a document read without a type parameter is used as its writer knows it
  get<T = any>(name: string, options?: ConfigReadOptions<T>): Promise<ConfigEntry<T>>

  /** As {@link get}, but a document that does not exist is `undefined` and not reported to `onError`. */
  // biome-ignore lint/suspicious/noExplicitAny: as of `get`
  find<T = any>(name: string, options?: ConfigReadOptions<T>): Promise<ConfigEntry<T> | undefined>

  /**
   * Writes the whole document.
   *
   * @throws ConflictError with `currentRevision`, where `ifRevision` or `createOnly` does not hold
   * @throws ValidationError where `data` is no JSON object
   */
  set<T extends object = object>(name: string, data: T, options?: ConfigSetOptions): Promise<ConfigSummary>

  /**
   * Writes the given top-level fields and leaves the others; `null` is a value. Makes the document where there is none.
   * Patches of different fields made at the same time all survive.
   */
  patch<T extends object = object>(
    name: string,
    fields: Partial<T> & object,
    options?: ConfigWriteOptions,
  ): Promise<ConfigSummary>

  /**
   * Reads the document (`undefined` where there is none), writes what `change` makes of it, and starts over when
   * another write came in between.
   *
   * @throws ConflictError when that happened 64 times in a row, or until the time (`timeoutMs`) was up
   */
  modify<T extends object>(
    name: string,
    change: (current: T | undefined) => T | Promise<T>,
    options?: CallOptions,
  ): Promise<ConfigEntry<T>>

  /** Deletes the document. No-op if it does not exist. */
  delete(name: string, options?: ConfigWriteOptions): Promise<Written>

  /** Lists all documents of the environment that the key may read, by name, without their content. */
  list(options?: ReadOptions): Promise<ConfigSummary[]>

  /** Lists the document's versions, newest first; the server keeps 64 of them. */
  history<T = unknown>(name: string, options?: HistoryOptions): Promise<ConfigVersion<T>[]>

  /** Writes the content of an earlier revision again, as a new one. @throws NotFoundError where it is not kept */
  rollback(name: string, revision: number, options?: ConfigWriteOptions): Promise<ConfigSummary>

  /**
   * Follows the document: its current content, then every change. Without `onUpdate` and `onDelete`, events wait for the
   * iterator.
   *
   * @example
   * ```ts
   * const watcher = client.config().watch<Limits>('limits', { onUpdate: ({ data }) => apply(data) })
   * await watcher.ready
   * ```
   */
  // biome-ignore lint/suspicious/noExplicitAny: as of `get`
  watch<T = any>(
    name: string,
    handlers?: ConfigWatchHandlers<T>,
    options?: WatchOptions,
  ): Watcher<ConfigUpdate<T> | ConfigDelete>

  /** Keeps the newest content of the document in memory, to be read at any time without a call. */
  // biome-ignore lint/suspicious/noExplicitAny: as of `get`
  live<T = any>(name: string, options: LiveOptions<T> & { fallback: T }): LiveValue<ConfigSnapshot<T>>
  // biome-ignore lint/suspicious/noExplicitAny: as of `get`
  live<T = any>(name: string, options?: LiveOptions<T>): LiveValue<Readonly<ConfigEntry<T>> | undefined>
}

/** {@link ConfigApi} of a client with a schema: documents that `C` names have its types, others the one you give. */
export interface TypedConfigApi<C> extends Omit<ConfigApi, TypedMethod> {
  get<T = unknown, N extends string = string>(
    name: N,
    options?: ConfigReadOptions<TypeOf<C, N, T>>,
  ): Promise<ConfigEntry<TypeOf<C, N, T>>>
  find<T = unknown, N extends string = string>(
    name: N,
    options?: ConfigReadOptions<TypeOf<C, N, T>>,
  ): Promise<ConfigEntry<TypeOf<C, N, T>> | undefined>
  set<T extends object = object, N extends string = string>(
    name: N,
    data: TypeOf<C, N, T>,
    options?: ConfigSetOptions,
  ): Promise<ConfigSummary>
  patch<T extends object = object, N extends string = string>(
    name: N,
    fields: Partial<TypeOf<C, N, T>> & object,
    options?: ConfigWriteOptions,
  ): Promise<ConfigSummary>
  modify<T extends object, N extends string = string>(
    name: N,
    change: (current: TypeOf<C, N, T> | undefined) => TypeOf<C, N, T> | Promise<TypeOf<C, N, T>>,
    options?: CallOptions,
  ): Promise<ConfigEntry<TypeOf<C, N, T>>>
  history<T = unknown, N extends string = string>(
    name: N,
    options?: HistoryOptions,
  ): Promise<ConfigVersion<TypeOf<C, N, T>>[]>
  watch<T = unknown, N extends string = string>(
    name: N,
    handlers?: ConfigWatchHandlers<TypeOf<C, N, T>>,
    options?: WatchOptions,
  ): Watcher<ConfigUpdate<TypeOf<C, N, T>> | ConfigDelete>
  live<T = unknown, N extends string = string>(
    name: N,
    options: LiveOptions<TypeOf<C, N, T>> & { fallback: TypeOf<C, N, T> },
  ): LiveValue<ConfigSnapshot<TypeOf<C, N, T>>>
  live<T = unknown, N extends string = string>(
    name: N,
    options?: LiveOptions<TypeOf<C, N, T>>,
  ): LiveValue<Readonly<ConfigEntry<TypeOf<C, N, T>>> | undefined>
}

type TypedMethod = 'get' | 'find' | 'set' | 'patch' | 'modify' | 'history' | 'watch' | 'live'
