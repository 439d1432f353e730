import type { Contract, Params } from './contract'
import type { Access, Resource } from './rights'

/** How a query parameter is read: `integer` is 0 … 2^53 - 1, `boolean` is `true` or `false`. */
export type QueryType = 'integer' | 'text' | 'boolean'

/**
 * Place of a call's environment over HTTP, if that is not the header: the path, as `:environment`, or a parameter of the
 * query, or a member of the body. `project`: the call is about the whole project and needs none.
 */
export type EnvironmentPlace = 'project' | 'path' | { readonly query: string } | { readonly body: string }

/**
 * One method: its route, what travels where, and who may call it. Everything that knows about methods reads this table:
 * surfaces, HTTP client, HTTP server, retry, hooks, authorisation, metrics and the OpenAPI document.
 */
export interface MethodRow<P extends string = string> {
  readonly verb: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `:name` is one segment; `:key+` is the rest of the path. Both are parameters of the call. */
  readonly path: string
  readonly access: Access
  readonly resource: Resource
  /** The parameter that names the thing: what scopes match. */
  readonly target?: P
  /**
   * The parameter that names the bucket, by which read-your-writes is kept. Absent: all things of the resource share
   * one in each environment.
   */
  readonly bucket?: P
  /** The target of a call that names none. */
  readonly targetDefault?: string
  /** Absent: the environment travels in the header. */
  readonly environment?: EnvironmentPlace
  /** The method only reads, though it is a POST: it needs no idempotency key, and is retried like a GET. */
  readonly safe?: true
  /** Parameters that travel in the query. */
  readonly query?: Readonly<Partial<Record<P, QueryType>>>
  /**
   * The parameter that is the whole body. `rest`: all parameters that travel nowhere else, as one JSON object.
   * `value`: a KV value, whose content type is its encoding.
   */
  readonly body?: P | 'value' | 'rest'
  /** The parameter that `If-Match` carries: a revision, which an epoch may go with, or a version. */
  readonly ifMatch?: 'ifRevision' | 'ifVersion'
  /** `If-None-Match: *` carries the parameter `createOnly`. */
  readonly ifNoneMatch?: true
  /** Tells apart methods that share verb and path: the header that must be there, or the values in the query. */
  readonly when?: {
    readonly header?: 'if-match' | 'if-none-match'
    readonly query?: Readonly<Record<string, string>>
  }
  /** The result has a position, which makes an ETag: a GET that knows it is answered with 304. */
  readonly etag?: true
  /** The member of the result that a request for `application/octet-stream` gets alone. */
  readonly raw?: string
  /** The result has values in any encoding: text among them is escaped in JSON. */
  readonly values?: true
  /** One row only: a response may be sent again until the key changes. Its parameters are `bucket` and `key`. */
  readonly cached?: true
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
const kv = { resource: 'kv', target: 'bucket', bucket: 'bucket' } as const
const admin = { access: 'admin', resource: 'apikeys', environment: 'project' } as const

/** The method table. Where rows share verb and path, the first whose `when` holds is meant; one without comes last. */
export const METHODS = {
  'config.list': { verb: 'GET', path: '/api/v1/config', access: 'read', resource: 'config', query: PAGE },
  'config.get': { verb: 'GET', path: CONFIG, access: 'read', ...config, query: { revision: 'integer' }, etag: true },
  'config.set': {
    verb: 'POST',
    path: CONFIG,
    access: 'write',
    ...config,
    body: 'data',
    ifMatch: 'ifRevision',
    ifNoneMatch: true,
  },
  'config.patch': { verb: 'PATCH', path: CONFIG, access: 'write', ...config, body: 'fields', ifMatch: 'ifRevision' },
  'config.delete': { verb: 'DELETE', path: CONFIG, access: 'write', ...config, ifMatch: 'ifRevision', success: 204 },
  'config.history': { verb: 'GET', path: `${CONFIG}/history`, access: 'read', ...config, query: PAGE },
  'config.rollback': {
    verb: 'POST',
    path: `${CONFIG}/rollback`,
    access: 'write',
    ...config,
    body: 'rest',
    ifMatch: 'ifRevision',
  },

  'kv.createBucket': {
    verb: 'POST',
    path: BUCKETS,
    access: 'write',
    resource: 'kv',
    target: 'name',
    bucket: 'name',
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
    when: { query: { values: 'true' } },
    values: true,
  },
  'kv.keys': { verb: 'GET', path: KEYS, access: 'read', ...kv, query: { filter: 'text', ...PAGE } },
  'kv.history': {
    verb: 'GET',
    path: KEY,
    access: 'read',
    ...kv,
    query: PAGE,
    when: { query: { history: 'true' } },
    values: true,
  },
  'kv.get': {
    verb: 'GET',
    path: KEY,
    access: 'read',
    ...kv,
    query: { revision: 'integer' },
    etag: true,
    raw: 'value',
    values: true,
    cached: true,
  },
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
    ifMatch: 'ifRevision',
    when: { header: 'if-match' },
  },
  'kv.put': { verb: 'PUT', path: KEY, access: 'write', ...kv, query: { ttlSeconds: 'integer' }, body: 'value' },
  'kv.purge': {
    verb: 'DELETE',
    path: KEY,
    access: 'write',
    ...kv,
    ifMatch: 'ifRevision',
    success: 204,
    when: { query: { purge: 'true' } },
  },
  'kv.delete': { verb: 'DELETE', path: KEY, access: 'write', ...kv, ifMatch: 'ifRevision', success: 204 },

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
} as const satisfies { readonly [M in keyof Contract]: MethodRow<keyof Params<M> & string> }

/** A method's name, as `onError` and the metrics show it: `config.patch`. */
export type MethodName = keyof Contract

/** The row of a method. */
export function methodRow(method: MethodName): MethodRow {
  return METHODS[method]
}

/** Whether the method changes something, and so carries an `Idempotency-Key`. */
export function isMutating(row: MethodRow): boolean {
  return row.verb !== 'GET' && !row.safe
}
