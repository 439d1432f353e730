import type { MethodName } from '@ironflow/core/protocol'
import { entries, page, pagePosition } from './components'
import { count, list, object, ref, type Schema, text } from './schema'

/** What each method answers. A missing one does not compile. */
export const RESULTS: Readonly<Record<MethodName, Schema>> = {
  'config.list': page('configs', ref('ConfigSummary')),
  'config.get': ref('ConfigEntry'),
  'config.set': ref('ConfigSummary'),
  'config.patch': ref('ConfigSummary'),
  'config.delete': ref('Written'),
  'config.history': page('versions', ref('ConfigVersion')),
  'config.rollback': ref('ConfigSummary'),

  'kv.createBucket': ref('BucketInfo'),
  'kv.listBuckets': page('buckets', ref('BucketInfo')),
  'kv.getBucketInfo': ref('BucketInfo'),
  'kv.updateBucket': ref('BucketInfo'),
  'kv.deleteBucket': ref('Written'),

  'kv.entries': page('entries', ref('Entry'), pagePosition),
  'kv.keys': page('keys', text, pagePosition),
  'kv.history': entries,
  'kv.get': ref('Entry'),
  'kv.put': ref('Written'),
  'kv.create': ref('Written'),
  'kv.update': ref('Written'),
  'kv.purge': ref('Written'),
  'kv.delete': ref('Written'),

  'admin.apiKeys.create': ref('CreatedApiKey'),
  'admin.apiKeys.list': page('apiKeys', ref('ApiKey')),
  'admin.apiKeys.revoke': ref('Written'),
  'admin.environments': object({ environments: list(text), count }),
}
