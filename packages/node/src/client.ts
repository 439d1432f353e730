import type { ClientOptions, IronflowClient, Schema } from '@ironflow/core'
import { Client } from '@ironflow/core/runtime'
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
export function createClient<S extends Schema = Schema>(options?: ClientOptions): IronflowClient<S>
export function createClient(options: ClientOptions = {}): IronflowClient {
  return new Client(options, nodePlatform)
}
