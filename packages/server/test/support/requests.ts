import type { MethodName } from '@ironflow/core/protocol'

/** A request: verb, target, JSON body, headers. */
export type TestRequest = readonly [verb: string, target: string, body?: unknown, headers?: Record<string, string>]

/** A request of each method, about the document `app-a` and the bucket `sessions`. */
export const REQUESTS: Readonly<Record<MethodName, TestRequest>> = {
  'config.list': ['GET', '/api/v1/config'],
  'config.get': ['GET', '/api/v1/config/app-a'],
  'config.set': ['POST', '/api/v1/config/app-a', {}],
  'config.patch': ['PATCH', '/api/v1/config/app-a', {}],
  'config.delete': ['DELETE', '/api/v1/config/app-a'],
  'config.history': ['GET', '/api/v1/config/app-a/history'],
  'config.rollback': ['POST', '/api/v1/config/app-a/rollback', { revision: 1 }],
  'kv.createBucket': ['POST', '/api/v1/kv/buckets', { name: 'sessions' }],
  'kv.listBuckets': ['GET', '/api/v1/kv/buckets'],
  'kv.getBucketInfo': ['GET', '/api/v1/kv/buckets/sessions'],
  'kv.updateBucket': ['PATCH', '/api/v1/kv/buckets/sessions', { history: 2 }],
  'kv.deleteBucket': ['DELETE', '/api/v1/kv/buckets/sessions'],
  'kv.entries': ['GET', '/api/v1/kv/buckets/sessions/keys?values=true'],
  'kv.keys': ['GET', '/api/v1/kv/buckets/sessions/keys'],
  'kv.history': ['GET', '/api/v1/kv/buckets/sessions/keys/a?history=true'],
  'kv.get': ['GET', '/api/v1/kv/buckets/sessions/keys/a'],
  'kv.create': ['PUT', '/api/v1/kv/buckets/sessions/keys/new', 1, { 'if-none-match': '*' }],
  'kv.update': ['PUT', '/api/v1/kv/buckets/sessions/keys/a', 1, { 'if-match': '1' }],
  'kv.put': ['PUT', '/api/v1/kv/buckets/sessions/keys/a', 1],
  'kv.purge': ['DELETE', '/api/v1/kv/buckets/sessions/keys/a?purge=true'],
  'kv.delete': ['DELETE', '/api/v1/kv/buckets/sessions/keys/a'],
  'admin.apiKeys.create': ['POST', '/api/v1/apikeys', { name: 'x', role: 'viewer' }],
  'admin.apiKeys.list': ['GET', '/api/v1/apikeys'],
  'admin.apiKeys.revoke': ['DELETE', '/api/v1/apikeys/nobody'],
  'admin.environments': ['GET', '/api/v1/environments'],
}
