import {
  bucketRule,
  configNameRule,
  environmentRule,
  filterRule,
  keyRule,
  type MethodName,
  type Params,
  ROLES,
} from '@ironflow/core/protocol'
import { document, kvValue, scopes } from './check-values'
import { flag, future, integer, named, oneOf, optional, type Param, required, text } from './checks'

/** What each parameter of each method must be. One that is missing here does not compile. */
type Rules = { readonly [M in MethodName]: { readonly [P in keyof Required<Params<M>>]: Param } }

/** A century: beyond it nobody means what they say, and dates stay within what every store can keep. */
const MAX_TTL_SECONDS = 3_155_760_000

const page = {
  limit: optional(integer(1, (limits) => limits.pageItems)),
  cursor: optional(text(1, 2048)),
}
const precondition = { ifRevision: optional(integer(0)), ifEpoch: optional(text(1, 64)) }
const revision = optional(integer(1))
const name = required(named(configNameRule))
const bucket = required(named(bucketRule))
const key = required(named(keyRule))
const filter = optional(named(filterRule))
const value = {
  value: required(kvValue),
  encoding: required(oneOf('json', 'text', 'base64')),
  ttlSeconds: optional(integer(1, MAX_TTL_SECONDS)),
}
const bucketOptions = {
  description: optional(text(0, 1024)),
  ttlSeconds: optional(integer(0, MAX_TTL_SECONDS)),
  history: optional(integer(1, 64)),
  maxBytes: optional(integer(0)),
  maxValueSize: optional(integer(1, (limits) => limits.maxValueSize)),
}

export const RULES: Rules = {
  'config.list': page,
  'config.get': { name, revision },
  'config.set': { name, data: required(document), createOnly: optional(flag), ...precondition },
  'config.patch': { name, fields: required(document), ...precondition },
  'config.delete': { name, ...precondition },
  'config.history': { name, ...page },
  'config.rollback': { name, revision: required(integer(1)), ...precondition },

  'kv.createBucket': { name: bucket, ifExists: optional(oneOf('fail', 'update')), ...bucketOptions },
  'kv.listBuckets': page,
  'kv.getBucketInfo': { bucket },
  'kv.updateBucket': { bucket, ...bucketOptions },
  'kv.deleteBucket': { bucket },

  'kv.keys': { bucket, filter, ...page },
  'kv.entries': { bucket, filter, ...page },
  'kv.get': { bucket, key, revision },
  'kv.history': { bucket, key, ...page },
  'kv.put': { bucket, key, ...value },
  'kv.create': { bucket, key, ...value },
  'kv.update': { bucket, key, ...value, ...precondition, ifRevision: required(integer(0)) },
  'kv.delete': { bucket, key, ...precondition },
  'kv.purge': { bucket, key, ...precondition },

  'admin.apiKeys.create': {
    name: required(text(1, 128)),
    role: required(oneOf(...Object.keys(ROLES))),
    environment: optional(named(environmentRule)),
    expiresAt: optional(future),
    scopes: optional(scopes),
  },
  'admin.apiKeys.list': page,
  'admin.apiKeys.revoke': { id: required(text(1, 128)) },
  'admin.environments': {},
}
