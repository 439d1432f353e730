import { type ClientOptions, resolveOptions } from './options'
import { Pipeline } from './pipeline/pipeline'
import type { Platform } from './platform'
import { AdminSurface } from './surfaces/admin'
import { ConfigSurface } from './surfaces/config'
import { KvSurface } from './surfaces/kv'
import { Credentials } from './transport/credentials'
import { HttpTransport } from './transport/http'

/** Runtimes without explicit resource management still get the method, under a name that nothing asks for. */
const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')

/** One server, seen through one key: everything Ironflow offers hangs off it. Made by `createClient`. */
export class IronflowClient implements AsyncDisposable {
  private readonly pipeline: Pipeline
  private readonly surfaces: { config: ConfigSurface; kv: KvSurface; admin: AdminSurface }

  /** @throws ValidationError naming each option that cannot be used */
  constructor(options: ClientOptions, platform: Platform) {
    const resolved = resolveOptions(options, platform)
    const credentials = new Credentials(resolved.apiKey)
    const transport = resolved.transport ?? new HttpTransport(resolved, credentials, platform)
    this.pipeline = new Pipeline(transport, credentials, resolved, platform)
    this.surfaces = {
      config: new ConfigSurface(this.pipeline, platform),
      kv: new KvSurface(this.pipeline, platform),
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

  /** What only an administrator does. */
  admin(): AdminSurface {
    return this.surfaces.admin
  }

  /** Ends what is under way and whatever comes later, with code `closed`. A second call is a no-op. */
  async close(): Promise<void> {
    this.pipeline.close()
  }

  /** `await using client = createClient()` closes it at the end of the block. */
  async [asyncDispose](): Promise<void> {
    await this.close()
  }
}
