import type { Contract } from './contract'
import type { Access, Resource } from './rights'

/** How a query parameter is read: `integer` is 0 … 2^53 - 1, `boolean` is `true` or `false`. */
export type QueryType = 'integer' | 'text' | 'boolean'

/**
 * One method: its route, what travels where, and who may call it. Everything that knows about methods reads this table:
 * surfaces, HTTP client, HTTP server, retry, hooks, authorisation, metrics and the OpenAPI document.
 */
export interface MethodRow {
  readonly verb: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `:name` is one segment; `:key+` is the rest of the path. Both are parameters of the call. */
  readonly path: string
  readonly access: Access
  readonly resource: Resource
  /** The parameter that names the thing: what scopes match and what read-your-writes is kept by. */
  readonly target?: 'name' | 'bucket'
  /** `project`: it is about the whole project. Absent: about one environment. */
  readonly environment?: 'project'
  /** Parameters that travel in the query. */
  readonly query?: Readonly<Record<string, QueryType>>
  /**
   * The parameter that is the whole body. `rest`: all parameters that travel nowhere else, as one JSON object.
   * `value`: a KV value, whose content type is its encoding.
   */
  readonly body?: 'data' | 'fields' | 'value' | 'rest'
  /** `If-Match` carries the parameter `ifRevision`. */
  readonly ifMatch?: true
  /** `If-None-Match: *` carries the parameter `createOnly`. */
  readonly ifNoneMatch?: true
  /** Tells apart methods that share verb and path: the header or the query parameter that must be there. */
  readonly when?: { readonly header?: 'if-match' | 'if-none-match'; readonly query?: string }
  /** HTTP status of success, 200 unless given. 204 has no body: the revision is in its header. */
  readonly success?: 201 | 204
  /** The call must never be made twice and its answer never be kept: it holds a secret. */
  readonly once?: true
}

const PAGE = { limit: 'integer', cursor: 'text' } as const
const CONFIG = '/api/v1/config/:name'
const BUCKETS = '/api/v1/kv/buckets'
const BUCKET = '/api/v1/kv/buckets/:bucket'
const KEYS = '/api/v1/kv/buckets/:bucket/keys'
const KEY = '/api/v1/kv/buckets/:bucket/keys/:key+'
const API_KEYS = '/api/v1/apikeys'

const config = { resource: 'config', target: 'name' } as const
const kv = { resource: 'kv', target: 'bucket' } as const
const admin = { access: 'admin', resource: 'apikeys', environment: 'project' } as const

/** The method table. Where rows share verb and path, the first whose `when` holds is meant; one without comes last. */
export const METHODS = {
  'config.list': { verb: 'GET', path: '/api/v1/config', access: 'read', resource: 'config', query: PAGE },
  'config.get': { verb: 'GET', path: CONFIG, access: 'read', ...config, query: { revision: 'integer' } },
  'config.set': {
    verb: 'POST',
    path: CONFIG,
    access: 'write',
    ...config,
    body: 'data',
    ifMatch: true,
    ifNoneMatch: true,
  },
  'config.patch': { verb: 'PATCH', path: CONFIG, access: 'write', ...config, body: 'fields', ifMatch: true },
  'config.delete': { verb: 'DELETE', path: CONFIG, access: 'write', ...config, ifMatch: true, success: 204 },
  'config.history': { verb: 'GET', path: `${CONFIG}/history`, access: 'read', ...config, query: PAGE },
  'config.rollback': {
    verb: 'POST',
    path: `${CONFIG}/rollback`,
    access: 'write',
    ...config,
    body: 'rest',
    ifMatch: true,
  },

  'kv.createBucket': {
    verb: 'POST',
    path: BUCKETS,
    access: 'write',
    resource: 'kv',
    target: 'name',
    query: { ifExists: 'text' },
    body: 'rest',
    success: 201,
  },
  'kv.listBuckets': { verb: 'GET', path: BUCKETS, access: 'read', resource: 'kv', query: PAGE },
  'kv.getBucketInfo': { verb: 'GET', path: BUCKET, access: 'read', ...kv },
  'kv.updateBucket': { verb: 'PATCH', path: BUCKET, access: 'write', ...kv, body: 'rest' },
  'kv.deleteBucket': { verb: 'DELETE', path: BUCKET, access: 'write', ...kv, success: 204 },

  'kv.entries': {
    verb: 'GET',
    path: KEYS,
    access: 'read',
    ...kv,
    query: { filter: 'text', ...PAGE },
    when: { query: 'values' },
  },
  'kv.keys': { verb: 'GET', path: KEYS, access: 'read', ...kv, query: { filter: 'text', ...PAGE } },
  'kv.history': { verb: 'GET', path: KEY, access: 'read', ...kv, query: PAGE, when: { query: 'history' } },
  'kv.get': { verb: 'GET', path: KEY, access: 'read', ...kv, query: { revision: 'integer' } },
  'kv.create': {
    verb: 'PUT',
    path: KEY,
    access: 'write',
    ...kv,
    query: { ttlSeconds: 'integer' },
    body: 'value',
    when: { header: 'if-none-match' },
  },
  'kv.update': {
    verb: 'PUT',
    path: KEY,
    access: 'write',
    ...kv,
    query: { ttlSeconds: 'integer' },
    body: 'value',
    ifMatch: true,
    when: { header: 'if-match' },
  },
  'kv.put': { verb: 'PUT', path: KEY, access: 'write', ...kv, query: { ttlSeconds: 'integer' }, body: 'value' },
  'kv.purge': {
    verb: 'DELETE',
    path: KEY,
    access: 'write',
    ...kv,
    ifMatch: true,
    success: 204,
    when: { query: 'purge' },
  },
  'kv.delete': { verb: 'DELETE', path: KEY, access: 'write', ...kv, ifMatch: true, success: 204 },

  'admin.apiKeys.create': { verb: 'POST', path: API_KEYS, ...admin, body: 'rest', success: 201, once: true },
  'admin.apiKeys.list': { verb: 'GET', path: API_KEYS, ...admin, query: PAGE },
  'admin.apiKeys.revoke': { verb: 'DELETE', path: `${API_KEYS}/:id`, ...admin, success: 204 },
  'admin.environments': {
    verb: 'GET',
    path: '/api/v1/environments',
    access: 'read',
    resource: 'environments',
    environment: 'project',
  },
} as const satisfies Record<keyof Contract, MethodRow>

/** A method's name, as `onError` and the metrics show it: `config.patch`. */
export type MethodName = keyof Contract

/** The row of a method. */
export function methodRow(method: MethodName): MethodRow {
  return METHODS[method]
}

/** Whether the method changes something, and so carries an `Idempotency-Key`. */
export function isMutating(row: MethodRow): boolean {
  return row.verb !== 'GET'
}
