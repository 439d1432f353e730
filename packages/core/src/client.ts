import { asyncDispose } from './async/dispose'
import { type ClientOptions, resolveOptions } from './options'
import { Pipeline } from './pipeline/pipeline'
import type { Platform } from './platform'
import { AdminSurface } from './surfaces/admin'
import { ConfigSurface } from './surfaces/config'
import { EventsSurface } from './surfaces/events'
import { KvSurface } from './surfaces/kv'
import { Credentials } from './transport/credentials'
import { HttpTransport } from './transport/http'
import { Link } from './transport/link'
import { ConnectionManager } from './watch/connection-manager'
import type { ClientStatus } from './watch/status'

/** One server, seen through one key: everything Ironflow offers hangs off it. Made by `createClient`. */
export class IronflowClient implements AsyncDisposable {
  private readonly pipeline: Pipeline
  private readonly connections: ConnectionManager
  private readonly surfaces: { config: ConfigSurface; kv: KvSurface; events: EventsSurface; admin: AdminSurface }

  /** @throws ValidationError naming each option that cannot be used */
  constructor(options: ClientOptions, platform: Platform) {
    const resolved = resolveOptions(options, platform)
    const { transport } = resolved
    const credentials = new Credentials(resolved.apiKey, () => this.connections.rekeyed())
    const link = new Link(resolved, credentials, platform)
    this.connections = new ConnectionManager(resolved, link)
    const { calls, subscriptions } = this.connections
    const carrier = typeof transport === 'object' ? transport : (calls ?? new HttpTransport(link))
    this.pipeline = new Pipeline(carrier, credentials, resolved, platform, () => this.connections.callSucceeded())
    this.surfaces = {
      config: new ConfigSurface(this.pipeline, subscriptions),
      kv: new KvSurface(this.pipeline, subscriptions),
      events: new EventsSurface(subscriptions),
      admin: new AdminSurface(this.pipeline),
    }
  }

  /** Config documents. */
  config(): ConfigSurface {
    return this.surfaces.config
  }

  /** The key-value store. */
  kv(): KvSurface {
    return this.surfaces.kv
  }

  /** What happens, as it happens. */
  events(): EventsSurface {
    return this.surfaces.events
  }

  /** What only an administrator does. */
  admin(): AdminSurface {
    return this.surfaces.admin
  }

  /** The status of what this client watches: over which transport, since when in sync, and why not. */
  status(): ClientStatus {
    return this.connections.subscriptions.status
  }

  /**
   * Ends every watch, what is under way, and whatever comes later, with code `closed`: nothing is left that keeps a
   * program running. A second call is a no-op.
   */
  async close(): Promise<void> {
    this.connections.close()
    this.pipeline.close()
  }

  /** `await using client = createClient()` closes it at the end of the block. */
  async [asyncDispose](): Promise<void> {
    await this.close()
  }
}
