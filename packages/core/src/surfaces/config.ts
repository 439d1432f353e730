import type { ErrorCode } from '../errors/codes'
import type { CallOptions, ReadOptions } from '../pipeline/call-options'
import { CALL_OPTIONS, expectOptions } from '../pipeline/option-names'
import type { Pipeline } from '../pipeline/pipeline'
import type { Result } from '../protocol/contract'
import type { ConfigEntry, ConfigSummary, ConfigVersion, Written } from '../protocol/model'
import { encodeJson } from '../protocol/value'
import { CONFIG, type ConfigDelete, type ConfigUpdate } from '../watch/config-kind'
import { LIVE_CONFIG } from '../watch/live-kinds'
import type { LiveOptions, LiveValue } from '../watch/live-value'
import type { LiveValues } from '../watch/live-values'
import type { SubscriptionSet } from '../watch/subscription-set'
import { WATCH_HANDLERS, type Watcher, type WatchOptions } from '../watch/watcher'
import type {
  ConfigApi,
  ConfigReadOptions,
  ConfigSetOptions,
  ConfigWatchHandlers,
  ConfigWriteOptions,
  HistoryOptions,
} from './config-api'
import { expecting } from './expecting'
import { untilNoConflict } from './modify'
import { collect, pages } from './paging'

/** {@link ConfigApi} over a pipeline and a set of subscriptions. */
export class ConfigSurface implements ConfigApi {
  constructor(
    private readonly pipeline: Pipeline,
    private readonly subscriptions: SubscriptionSet,
    private readonly lives: LiveValues,
  ) {}

  async get<T>(name: string, options?: ConfigReadOptions<T>): Promise<ConfigEntry<T>> {
    return this.pipeline.call('config.get', { name, revision: options?.revision }, options, readEntry<T>)
  }

  async find<T>(name: string, options?: ConfigReadOptions<T>): Promise<ConfigEntry<T> | undefined> {
    return this.pipeline.find('config.get', { name, revision: options?.revision }, options, readEntry<T>)
  }

  async set(name: string, data: object, options?: ConfigSetOptions, expected?: ErrorCode): Promise<ConfigSummary> {
    const { ifRevision, createOnly } = options ?? {}
    const params = () => ({ name, data: encodeJson(data, 'data'), ...expecting(ifRevision), createOnly })
    return this.pipeline.call('config.set', params, options, undefined, expected)
  }

  async patch(name: string, fields: object, options?: ConfigWriteOptions): Promise<ConfigSummary> {
    const params = () => ({ name, fields: encodeJson(fields, 'fields'), ...expecting(options?.ifRevision) })
    return this.pipeline.call('config.patch', params, options)
  }

  async modify<T extends object>(
    name: string,
    change: (current: T | undefined) => T | Promise<T>,
    options: CallOptions = {},
  ): Promise<ConfigEntry<T>> {
    expectOptions(options, CALL_OPTIONS)
    return untilNoConflict(this.pipeline, options, async () => {
      const current = await this.find<T>(name, options)
      const data = await change(current?.data)
      const inner = { ...options, ifRevision: current ?? 0 }
      return async (expected) => ({ ...(await this.set(name, data, inner, expected)), data })
    })
  }

  async delete(name: string, options?: ConfigWriteOptions): Promise<Written> {
    return this.pipeline.call('config.delete', { name, ...expecting(options?.ifRevision) }, options)
  }

  async list(options?: ReadOptions): Promise<ConfigSummary[]> {
    return collect(pages(this.pipeline, 'config.list', {}, options, ({ configs }) => configs))
  }

  async history<T>(name: string, options?: HistoryOptions): Promise<ConfigVersion<T>[]> {
    const versionsOf = (result: Result<'config.history'>) => result.versions as ConfigVersion<T>[]
    return collect(pages(this.pipeline, 'config.history', { name }, options, versionsOf, options?.limit))
  }

  async rollback(name: string, revision: number, options?: ConfigWriteOptions): Promise<ConfigSummary> {
    return this.pipeline.call('config.rollback', { name, revision, ...expecting(options?.ifRevision) }, options)
  }

  watch<T>(
    name: string,
    handlers: ConfigWatchHandlers<T> = {},
    options: WatchOptions = {},
  ): Watcher<ConfigUpdate<T> | ConfigDelete> {
    expectOptions(handlers, `onUpdate onDelete ${WATCH_HANDLERS}`, 'handlers')
    expectOptions(options, 'signal')
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

  live<T>(name: string, options: LiveOptions<T> = {}): LiveValue<Readonly<ConfigEntry<T>>> {
    return this.lives.of(LIVE_CONFIG, { target: name }, options) as LiveValue<Readonly<ConfigEntry<T>>>
  }
}

/** Returns the result as a document. Some other server's JSON would fail much later, in the code that reads `data`. */
function readEntry<T>(result: ConfigEntry): ConfigEntry<T> {
  if (!Object.hasOwn(result, 'data')) throw new TypeError('it is no config document')
  return result as ConfigEntry<T>
}
