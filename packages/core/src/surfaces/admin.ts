import type { CallOptions } from '../pipeline/call-options'
import type { Pipeline } from '../pipeline/pipeline'
import type { ApiKey, CreatedApiKey, NewApiKey, Written } from '../protocol/model'
import { collect, pages } from './paging'

/** What only an administrator does. `client.admin()`. */
export class AdminSurface {
  readonly apiKeys: ApiKeysSurface

  constructor(private readonly pipeline: Pipeline) {
    this.apiKeys = new ApiKeysSurface(pipeline)
  }

  /** The environments that have data, by name; a key bound to one sees that one. */
  async environments(options?: CallOptions): Promise<string[]> {
    return (await this.pipeline.call('admin.environments', {}, options)).environments
  }
}

/** The server's API keys. Needs a key of role `admin`. */
export class ApiKeysSurface {
  constructor(private readonly pipeline: Pipeline) {}

  /**
   * Makes a key. Its secret is in this result and nowhere else. Never repeated by the client: a call that failed without
   * a response may have made a key, which the list then shows.
   */
  async create(key: NewApiKey, options?: CallOptions): Promise<CreatedApiKey> {
    return this.pipeline.call('admin.apiKeys.create', key, options)
  }

  /** All keys, without their secrets. */
  async list(options?: CallOptions): Promise<ApiKey[]> {
    return collect(pages(this.pipeline, 'admin.apiKeys.list', {}, options, ({ apiKeys }) => apiKeys))
  }

  /** Ends a key, at once for calls and within five seconds for what is open. @throws NotFoundError */
  async revoke(id: string, options?: CallOptions): Promise<Written> {
    return this.pipeline.call('admin.apiKeys.revoke', { id }, options)
  }
}
