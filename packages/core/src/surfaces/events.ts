import { invalid } from '../errors/kinds'
import { expectOptions } from '../pipeline/option-names'
import { EVENTS, type SystemEvent } from '../watch/events-kind'
import type { SubscriptionSet } from '../watch/subscription-set'
import { WATCH_HANDLERS, type Watcher, type WatchHandlers, type WatchOptions } from '../watch/watcher'

/** Events of the server. `client.events()`. */
export interface EventsApi {
  /**
   * Follows the events whose topics fit the pattern (`system.config.*.updated`, `system.>`), from now on. After an
   * interruption, the newest event of each document comes. Without `callback`, events wait for the iterator.
   *
   * @example
   * ```ts
   * client.events().subscribe('system.config.*.updated', ({ topic, revision }) => log(topic, revision))
   * ```
   */
  // biome-ignore lint/suspicious/noExplicitAny: data read without a type parameter is used as its writer knows it
  subscribe<T = any>(
    pattern: string,
    callback?: (event: SystemEvent<T>) => unknown,
    options?: WatchOptions & WatchHandlers,
  ): Watcher<SystemEvent<T>>
}

/** {@link EventsApi} over a set of subscriptions. */
export class EventsSurface implements EventsApi {
  constructor(private readonly subscriptions: SubscriptionSet) {}

  subscribe<T>(
    pattern: string,
    callback?: (event: SystemEvent<T>) => unknown,
    options: WatchOptions & WatchHandlers = {},
  ): Watcher<SystemEvent<T>> {
    expectOptions(options, `signal ${WATCH_HANDLERS}`)
    if (callback !== undefined && typeof callback !== 'function') throw invalid({ callback: 'must be a function' })
    const onEvent = callback as ((event: SystemEvent) => unknown) | undefined
    return this.subscriptions.watch(EVENTS, { target: pattern }, onEvent, options, options) as Watcher<SystemEvent<T>>
  }
}
