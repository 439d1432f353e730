import type { ClientOptions, IronflowClient, Schema } from '@ironflow/core'
import { Client } from '@ironflow/core/runtime'
import { webPlatform } from './web-platform'

export * from '@ironflow/core'

/**
 * Makes a client for a runtime of web standards, such as Cloudflare Workers. Nothing is connected before the first call.
 *
 * @throws ValidationError naming each option that cannot be used
 * @example
 * ```ts
 * const client = createClient({ serverUrl: env.IRONFLOW_SERVER_URL, apiKey: env.IRONFLOW_API_KEY })
 * const { data } = await client.config().get('limits')
 * ```
 */
export function createClient<S extends Schema = Schema>(options?: ClientOptions): IronflowClient<S>
export function createClient(options: ClientOptions = {}): IronflowClient {
  return new Client(options, webPlatform)
}
