import { type ClientOptions, IronflowClient } from '@ironflow/core'
import { nodePlatform } from './platform'

/**
 * Makes a client for Node.js. Nothing is connected before the first call.
 *
 * @throws ValidationError naming each option that cannot be used
 * @example
 * ```ts
 * const client = createClient({ serverUrl: 'http://localhost:9123' })
 * await client.config().patch('limits', { seats: 5 })
 * const { data } = await client.config().get('limits')
 * ```
 */
export function createClient(options: ClientOptions = {}): IronflowClient {
  return new IronflowClient(options, nodePlatform)
}
