import {
  type ClientStatus,
  type ConfigApi,
  type EventsApi,
  type IronflowClient,
  IronflowError,
  type KvApi,
} from '@ironflow/core'
import { type BrowserClientOptions, createClient } from './client'

/** One client for a whole page, made when it is configured: a thin shell over {@link createClient}. */
export class Ironflow {
  private client: IronflowClient | undefined

  /**
   * Says where the server is, and everything else. A client that was configured before is closed, and so are its watches.
   *
   * @throws ValidationError naming each option that cannot be used
   */
  configure(options: BrowserClientOptions): this {
    const client = createClient(options)
    void this.close()
    this.client = client
    return this
  }

  /** Config documents. @throws IronflowError `not_configured` */
  config(): ConfigApi {
    return this.configured().config()
  }

  /** The same as {@link config}. @throws IronflowError `not_configured` */
  configManager(): ConfigApi {
    return this.config()
  }

  /** The key-value store. @throws IronflowError `not_configured` */
  kv(): KvApi {
    return this.configured().kv()
  }

  /** What happens, as it happens. @throws IronflowError `not_configured` */
  events(): EventsApi {
    return this.configured().events()
  }

  /** The status of what the page watches. @throws IronflowError `not_configured` */
  status(): ClientStatus {
    return this.configured().status()
  }

  /** Ends every watch and every call. Fine also where nothing is configured. */
  async close(): Promise<void> {
    const { client } = this
    this.client = undefined
    await client?.close()
  }

  private configured(): IronflowClient {
    if (this.client) return this.client
    throw new IronflowError('call ironflow.configure({ serverUrl, apiKey }) first', 'not_configured')
  }
}

/**
 * The page's client.
 *
 * @example
 * ```ts
 * ironflow.configure({ serverUrl: 'https://config.example.com', apiKey: 'ifkey_…' })
 * const settings = ironflow.config().live('app-settings')
 * ```
 */
export const ironflow: Ironflow = /* @__PURE__ */ new Ironflow()
