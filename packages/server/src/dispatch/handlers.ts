import type { MethodName, Params } from '@ironflow/core/protocol'
import type { Answer } from '../domain/answer'
import type { ApiKeys } from '../domain/api-keys'
import type { Buckets } from '../domain/buckets'
import type { ConfigDocuments } from '../domain/config'
import type { KeyValues } from '../domain/kv'
import type { Principal } from '../domain/principal'
import type { Engine } from '../engine/engine'
import { listEnvironments } from '../keyspace'
import type { Limits } from '../options'
import { may } from './authorize'

/** What handlers work with. */
export interface Domain {
  readonly engine: Engine
  readonly limits: Limits
  readonly config: ConfigDocuments
  readonly kv: KeyValues
  readonly buckets: Buckets
  readonly apiKeys: ApiKeys
}

/** A call that may be made: everything about it but its parameters. */
export interface Context {
  readonly environment: string
  readonly principal: Principal
  readonly minRevision: number | undefined
}

/** One handler per method; a missing one does not compile. Parameters arrive validated. */
export type Handlers = {
  readonly [M in MethodName]: (params: Params<M>, context: Context) => Promise<Answer<M>>
}

export function createHandlers({ engine, limits, config, kv, buckets, apiKeys }: Domain): Handlers {
  const canRead =
    ({ principal }: Context, resource: 'config' | 'kv') =>
    (name: string) =>
      may(principal, 'read', resource, name)
  return {
    'config.list': (params, context) => config.list(context.environment, params, context, canRead(context, 'config')),
    'config.get': (params, context) => config.get(context.environment, params, context),
    'config.set': (params, { environment }) => config.set(environment, params),
    'config.patch': (params, { environment }) => config.patch(environment, params),
    'config.delete': (params, { environment }) => config.delete(environment, params),
    'config.history': (params, context) => config.history(context.environment, params, context),
    'config.rollback': (params, { environment }) => config.rollback(environment, params),

    'kv.createBucket': (params, { environment }) => buckets.create(environment, params),
    'kv.listBuckets': (params, context) => buckets.list(context.environment, params, canRead(context, 'kv')),
    'kv.getBucketInfo': ({ bucket }, { environment }) => buckets.info(environment, bucket),
    'kv.updateBucket': (params, { environment }) => buckets.update(environment, params),
    'kv.deleteBucket': ({ bucket }, { environment }) => buckets.delete(environment, bucket),

    'kv.keys': (params, context) => kv.keys(context.environment, params, context),
    'kv.entries': (params, context) => kv.entries(context.environment, params, context),
    'kv.get': (params, context) => kv.get(context.environment, params, context),
    'kv.history': (params, context) => kv.history(context.environment, params, context),
    'kv.put': (params, { environment }) => kv.put(environment, params),
    'kv.create': (params, { environment }) => kv.create(environment, params),
    'kv.update': (params, { environment }) => kv.update(environment, params),
    'kv.delete': (params, { environment }) => kv.delete(environment, params),
    'kv.purge': (params, { environment }) => kv.purge(environment, params),

    'admin.apiKeys.create': (params, { principal }) => apiKeys.create(principal, params),
    'admin.apiKeys.list': (params, { principal }) => apiKeys.list(principal, params, limits.pageItems),
    'admin.apiKeys.revoke': ({ id }, { principal }) => apiKeys.revoke(principal, id),
    'admin.environments': async (_, { principal }) => {
      const all = await listEnvironments(engine)
      const environments = all.filter((each) => isOwn(principal, each) && may(principal, 'read', 'environments', each))
      return { result: { environments, count: environments.length } }
    },
  }
}

function isOwn(principal: Principal, environment: string): boolean {
  return principal.environment === undefined || principal.environment === environment
}
