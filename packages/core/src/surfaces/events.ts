import { EVENTS, type SystemEvent } from '../watch/events-kind'
import type { Watcher, WatchHandlers, WatchOptions } from '../watch/watcher'
import type { Watching } from '../watch/watching'

/** What happens, as it happens. `client.events()`. */
export class EventsSurface {
  constructor(private readonly watching: Watching) {}

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
    options: WatchOptions & WatchHandlers = {},
  ): Watcher<SystemEvent<T>> {
    const tell = callback as ((event: SystemEvent) => unknown) | undefined
    return this.watching.watch(EVENTS, { target: pattern }, tell, options, options) as Watcher<SystemEvent<T>>
  }
}
