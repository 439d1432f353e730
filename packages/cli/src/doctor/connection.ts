import { DEFAULTS } from '@ironflow/core/runtime'
import { env } from '../environment'
import type { ConnectionOptions } from '../session'

/** A setting, and where it comes from: `--server`, `IRONFLOW_SERVER_URL` or `default`. */
export interface Setting<T> {
  readonly value: T
  readonly source: string
}

/** The settings by which a command reaches a server. The SDK decides the same. */
export interface ConnectionSettings {
  readonly server: Setting<string>
  readonly key: Setting<string> | undefined
  readonly environment: Setting<string> | undefined
}

/** Returns the settings that count: option before variable before default. */
export function connectionSettings(options: ConnectionOptions, read = env): ConnectionSettings {
  const find = (option: string | undefined, flag: string, variable: string): Setting<string> | undefined => {
    if (option !== undefined) return { value: option, source: flag }
    const value = read(variable)
    return value === undefined ? undefined : { value, source: variable }
  }
  return {
    server: find(options.server, '--server', 'IRONFLOW_SERVER_URL') ?? { value: DEFAULTS.serverUrl, source: 'default' },
    key: find(options.key, '--key', 'IRONFLOW_API_KEY'),
    environment: find(options.env, '--env', 'IRONFLOW_ENV'),
  }
}
