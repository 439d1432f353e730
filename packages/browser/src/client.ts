import type { ClientOptions, IronflowClient, Schema } from '@ironflow/core'
import { Client } from '@ironflow/core/runtime'
import { browserPlatform } from './platform'

/** Options of a client in a browser. */
export interface BrowserClientOptions extends ClientOptions {
  /**
   * Closes the connection of a page that has been hidden for 5 minutes; its watches resume when it is visible again.
   * Default true.
   */
  pauseWhenHidden?: boolean | undefined
}

/**
 * Makes a client for a page. Nothing is connected before the first call or watch.
 *
 * @throws ValidationError naming each option that cannot be used
 * @example
 * ```ts
 * const client = createClient({ serverUrl: 'https://config.example.com', apiKey: 'ifkey_…' })
 * client.config().watch('app-settings', { onUpdate: ({ data }) => render(data) })
 * ```
 */
export function createClient<S extends Schema = Schema>(options?: BrowserClientOptions): IronflowClient<S>
export function createClient(options: BrowserClientOptions = {}): IronflowClient {
  return new Client(options, browserPlatform(options?.pauseWhenHidden ?? true), 'pauseWhenHidden')
}
