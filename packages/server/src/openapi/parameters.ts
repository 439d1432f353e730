import { MAX_KEY_BYTES, type MethodName, type Params, ROLES } from '@ironflow/core/protocol'
import { anything, count, list, type Schema, text, time } from './schema'

/** What each parameter of each method is. A missing one does not compile. */
type Parameters = { readonly [M in MethodName]: { readonly [P in keyof Required<Params<M>>]: Schema } }

const page = { limit: { type: 'integer', minimum: 1, maximum: 1000 }, cursor: text }
const precondition = { ifRevision: count, ifEpoch: text }
const revision: Schema = { type: 'integer', minimum: 1 }
const name: Schema = { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$' }
const bucket: Schema = { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' }
const key: Schema = {
  type: 'string',
  minLength: 1,
  description: `1 to ${MAX_KEY_BYTES} bytes of UTF-8: tokens between dots, none empty; no white space, control characters, * or >. As one percent-encoded segment, or with plain slashes.`,
}
const filter: Schema = { type: 'string', description: '* is one token, > is the rest: user.*, session.>' }
const value = {
  value: anything,
  encoding: { enum: ['json', 'text', 'base64'] },
  ttlSeconds: { type: 'integer', minimum: 1 },
}
const bucketOptions = {
  description: { type: 'string', maxLength: 1024 },
  ttlSeconds: { ...count, description: 'Seconds after which a value expires; 0: never.' },
  history: { type: 'integer', minimum: 1, maximum: 64, description: 'Revisions kept of each key.' },
  maxBytes: { ...count, description: 'What the values may add up to; 0: no limit.' },
  maxValueSize: { type: 'integer', minimum: 1 },
}

export const PARAMETERS: Parameters = {
  'config.list': page,
  'config.get': { name, revision },
  'config.set': { name, data: { type: 'object' }, createOnly: { type: 'boolean' }, ...precondition },
  'config.patch': { name, fields: { type: 'object' }, ...precondition },
  'config.delete': { name, ...precondition },
  'config.history': { name, ...page },
  'config.rollback': { name, revision, ...precondition },

  'kv.createBucket': { name: bucket, ifExists: { enum: ['fail', 'update'] }, ...bucketOptions },
  'kv.listBuckets': page,
  'kv.getBucketInfo': { bucket },
  'kv.updateBucket': { bucket, ...bucketOptions },
  'kv.deleteBucket': { bucket },

  'kv.entries': { bucket, filter, ...page },
  'kv.keys': { bucket, filter, ...page },
  'kv.history': { bucket, key, ...page },
  'kv.get': { bucket, key, revision },
  'kv.put': { bucket, key, ...value },
  'kv.create': { bucket, key, ...value },
  'kv.update': { bucket, key, ...value, ...precondition },
  'kv.purge': { bucket, key, ...precondition },
  'kv.delete': { bucket, key, ...precondition },

  'admin.apiKeys.create': {
    name: { type: 'string', minLength: 1, maxLength: 128 },
    role: { enum: Object.keys(ROLES) },
    environment: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,62}$' },
    expiresAt: time,
    scopes: { ...list(text), minItems: 1, description: 'Such as read:config:app-* or write:kv:sessions.' },
  },
  'admin.apiKeys.list': page,
  'admin.apiKeys.revoke': { id: text },
  'admin.environments': {},
}

/** Body parameters that must be there; what travels in the path always must. */
export const REQUIRED_IN_BODY: Partial<Record<MethodName, readonly string[]>> = {
  'config.rollback': ['revision'],
  'kv.createBucket': ['name'],
  'admin.apiKeys.create': ['name', 'role'],
}
