import type { ClientOptions } from '@ironflow/core'
import { env } from './env'

/** Returns how a client comes to its `serverUrl`, and what changes that: for errors. */
export function serverSource({ serverUrl }: Pick<ClientOptions, 'serverUrl'>): string {
  if (serverUrl !== undefined) return 'the option serverUrl'
  if (env('IRONFLOW_SERVER_URL') !== undefined) return 'from IRONFLOW_SERVER_URL'
  return 'the default; set IRONFLOW_SERVER_URL or the option serverUrl'
}
