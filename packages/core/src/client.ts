import { asyncDispose } from './async/dispose'
import type { IronflowClient } from './ironflow-client'
import { type ClientOptions, resolveOptions } from './options'
import { Pipeline } from './pipeline/pipeline'
import type { Platform } from './platform'
import { type AdminApi, AdminSurface } from './surfaces/admin'
import { ConfigSurface } from './surfaces/config'
import type { ConfigApi } from './surfaces/config-api'
import { type EventsApi, EventsSurface } from './surfaces/events'
import { KvSurface } from './surfaces/kv'
import type { KvApi } from './surfaces/kv-api'
import { Credentials } from './transport/credentials'
import { HttpTransport } from './transport/http'
import { Link } from './transport/link'
import { ConnectionManager } from './watch/connection-manager'
import { LiveValues } from './watch/live-values'
import type { ClientStatus } from './watch/status'

/** {@link IronflowClient} on a platform. */
export class Client implements IronflowClient {
  private readonly pipeline: Pipeline
  private readonly connections: ConnectionManager
  private readonly surfaces: { config: ConfigApi; kv: KvApi; events: EventsApi; admin: AdminApi }

  /**
   * @param more names of options that the runtime's package has besides
   * @throws ValidationError naming each option that cannot be used
   */
  constructor(options: ClientOptions, platform: Platform, more?: string) {
    const resolved = resolveOptions(options, platform, more)
    const { transport } = resolved
    const credentials = new Credentials(resolved.apiKey, () => this.connections.rekeyed())
    const link = new Link(resolved, credentials, platform)
    this.connections = new ConnectionManager(resolved, link)
    const { calls, subscriptions } = this.connections
    const carrier = typeof transport === 'object' ? transport : (calls ?? new HttpTransport(link))
    this.pipeline = new Pipeline(carrier, credentials, resolved, platform, () => this.connections.callSucceeded())
    const lives = new LiveValues(subscriptions)
    this.surfaces = {
      config: new ConfigSurface(this.pipeline, subscriptions, lives),
      kv: new KvSurface(this.pipeline, subscriptions, lives),
      events: new EventsSurface(subscriptions),
      admin: new AdminSurface(this.pipeline),
    }
  }

  config(): ConfigApi {
    return this.surfaces.config
  }

  kv(): KvApi {
    return this.surfaces.kv
  }

  events(): EventsApi {
    return this.surfaces.events
  }

  admin(): AdminApi {
    return this.surfaces.admin
  }

  status(): ClientStatus {
    return this.connections.subscriptions.status
  }

  subscribeStatus(listener: (status: ClientStatus) => unknown): () => void {
    return this.connections.subscriptions.subscribeStatus(listener)
  }

  async close(): Promise<void> {
    this.connections.close()
    this.pipeline.close()
  }

  async [asyncDispose](): Promise<void> {
    await this.close()
  }
}
