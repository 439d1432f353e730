import { type MethodName, methodRow, type Params } from '@ironflow/core/protocol'
import type { Answer } from '../domain/answer'
import type { ApiKeys } from '../domain/api-keys'
import type { Buckets } from '../domain/buckets'
import type { ConfigDocuments } from '../domain/config'
import type { Context } from '../domain/context'
import { listEnvironments } from '../domain/keyspace'
import type { KeyValues } from '../domain/kv'
import { allows, reaches } from '../domain/rights'
import type { Engine } from '../engine/engine'
import type { Limits } from '../limits'

/** What handlers work with. */
export interface Domain {
  readonly engine: Engine
  readonly limits: Limits
  readonly config: ConfigDocuments
  readonly kv: KeyValues
  readonly buckets: Buckets
  readonly apiKeys: ApiKeys
}

/** One handler per method; a missing one does not compile. Parameters arrive validated. */
export type Handlers = {
  readonly [M in MethodName]: (params: Params<M>, context: Context) => Promise<Answer<M>>
}

export function createHandlers({ engine, limits, config, kv, buckets, apiKeys }: Domain): Handlers {
  return {
    'config.list': (params, context) => config.list(params, context, visibleBy('config.list', context)),
    'config.get': (params, context) => config.get(params, context),
    'config.set': (params, context) => config.set(params, context),
    'config.patch': (params, context) => config.patch(params, context),
    'config.delete': (params, context) => config.delete(params, context),
    'config.history': (params, context) => config.history(params, context),
    'config.rollback': (params, context) => config.rollback(params, context),

    'kv.createBucket': (params, context) => buckets.create(params, context),
    'kv.listBuckets': (params, context) => buckets.list(params, context, visibleBy('kv.listBuckets', context)),
    'kv.getBucketInfo': (params, context) => buckets.info(params, context),
    'kv.updateBucket': (params, context) => buckets.update(params, context),
    'kv.deleteBucket': (params, context) => buckets.delete(params, context),

    'kv.keys': (params, context) => kv.keys(params, context),
    'kv.entries': (params, context) => kv.entries(params, context),
    'kv.get': (params, context) => kv.get(params, context),
    'kv.history': (params, context) => kv.history(params, context),
    'kv.put': (params, context) => kv.put(params, context),
    'kv.create': (params, context) => kv.create(params, context),
    'kv.update': (params, context) => kv.update(params, context),
    'kv.delete': (params, context) => kv.delete(params, context),
    'kv.purge': (params, context) => kv.purge(params, context),

    'admin.apiKeys.create': (params, { principal }) => apiKeys.create(principal, params),
    'admin.apiKeys.list': (params, { principal }) => apiKeys.list(principal, params, limits),
    'admin.apiKeys.revoke': (params, context) => apiKeys.revoke(params, context),
    'admin.environments': async (_, context) => {
      const all = await listEnvironments(engine)
      const isVisible = visibleBy('admin.environments', context)
      const environments = all.filter((each) => reaches(context.principal, each) && isVisible(each))
      return { result: { environments, count: environments.length } }
    },
  }
}

/** Returns the test of what a caller may see in a list: each thing to which it has the right that the list asks for. */
function visibleBy(method: MethodName, { principal }: Context): (name: string) => boolean {
  const { access, resource } = methodRow(method)
  return (name) => allows(principal, access, resource, name)
}
