import type { ClientOptions, IronflowClient } from '@ironflow/core'
import { Client, type Platform } from '@ironflow/core/runtime'
import { nodePlatform } from '../../packages/node/src/platform'

/** A client as `createClient` of `@ironflow/node` makes it, but for what of its platform is replaced. */
export function nodeClient(options: ClientOptions, replaced: Partial<Platform> = {}): IronflowClient {
  return new Client(options, { ...nodePlatform(), ...replaced })
}
