import type { CallOptions } from '../pipeline/call-options'
import { expectOptions } from '../pipeline/option-names'
import type { Pipeline } from '../pipeline/pipeline'
import type { ApiKey, CreatedApiKey, NewApiKey, Written } from '../protocol/model'
import { collect, pages } from './paging'

/** Methods for administrators. `client.admin()`. */
export interface AdminApi {
  readonly apiKeys: ApiKeysApi

  /** Lists the environments that have data, by name; a key bound to one sees that one. */
  environments(options?: CallOptions): Promise<string[]>
}

/** The server's API keys. Needs a key of role `admin`. */
export interface ApiKeysApi {
  /**
   * Makes a key. Its secret is in this result and nowhere else. Never repeated by the client: a call that failed without
   * a response may have made a key, which the list then shows.
   */
  create(key: NewApiKey, options?: CallOptions): Promise<CreatedApiKey>

  /** Lists all keys, without their secrets. */
  list(options?: CallOptions): Promise<ApiKey[]>

  /** Ends a key, at once for calls and within five seconds for what is open. @throws NotFoundError */
  revoke(id: string, options?: CallOptions): Promise<Written>
}

/** {@link AdminApi} over a pipeline. */
export class AdminSurface implements AdminApi {
  readonly apiKeys: ApiKeysApi

  constructor(private readonly pipeline: Pipeline) {
    this.apiKeys = new ApiKeysSurface(pipeline)
  }

  async environments(options?: CallOptions): Promise<string[]> {
    return (await this.pipeline.call('admin.environments', {}, options)).environments
  }
}

class ApiKeysSurface implements ApiKeysApi {
  constructor(private readonly pipeline: Pipeline) {}

  async create(key: NewApiKey, options?: CallOptions): Promise<CreatedApiKey> {
    const params = () => {
      expectOptions(key, 'name role environment expiresAt scopes', 'key')
      return key
    }
    return this.pipeline.call('admin.apiKeys.create', params, options)
  }

  async list(options?: CallOptions): Promise<ApiKey[]> {
    return collect(pages(this.pipeline, 'admin.apiKeys.list', {}, options, ({ apiKeys }) => apiKeys))
  }

  async revoke(id: string, options?: CallOptions): Promise<Written> {
    return this.pipeline.call('admin.apiKeys.revoke', { id }, options)
  }
}
