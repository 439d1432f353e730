import { type ClientOptions, IronflowClient } from '@ironflow/core'
import { browserPlatform } from './platform'

/** What a client in a browser can be told. */
export interface BrowserClientOptions extends ClientOptions {
  /**
   * Whether a page that nobody has seen for 5 minutes gives up its connection, and goes on where it was when somebody
   * looks again. Default true.
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
export function createClient({ pauseWhenHidden = true, ...options }: BrowserClientOptions = {}): IronflowClient {
  return new IronflowClient(options, browserPlatform(pauseWhenHidden))
}
