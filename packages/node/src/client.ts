import type { ClientOptions, IronflowClient, Schema } from '@ironflow/core'
import { Client } from '@ironflow/core/runtime'
import { type NetworkOptions, resolveNetwork } from './network'
import { nodePlatform } from './platform'
import { serverSource } from './server-source'

/** Options of a client in Node.js. */
export interface NodeClientOptions extends ClientOptions, NetworkOptions {}

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
export function createClient<S extends Schema = Schema>(options?: NodeClientOptions): IronflowClient<S>
export function createClient(options: NodeClientOptions = {}): IronflowClient {
  const platform = nodePlatform(resolveNetwork(options), serverSource(options))
  return new Client(options, platform, 'proxy tls')
}
