import type { CallOptions, ReadOptions } from '../pipeline/call-options'
import { expectOptions } from '../pipeline/option-names'
import type { Pipeline } from '../pipeline/pipeline'
import type { BucketInfo, BucketOptions, Written } from '../protocol/model'
import type { LiveValues } from '../watch/live-values'
import type { SubscriptionSet } from '../watch/subscription-set'
import { Bucket } from './bucket'
import type { CreateBucketOptions, KvApi } from './kv-api'
import type { KvBucket } from './kv-bucket'
import { collect, pages } from './paging'

/** The names of {@link BucketOptions}. */
const BUCKET_OPTIONS = 'description ttlSeconds history maxBytes maxValueSize'

/** {@link KvApi} over a pipeline and a set of subscriptions. */
export class KvSurface implements KvApi {
  constructor(
    private readonly pipeline: Pipeline,
    private readonly subscriptions: SubscriptionSet,
    private readonly lives: LiveValues,
  ) {}

  bucket<T>(name: string): KvBucket<T> {
    return new Bucket<T>(name, this.pipeline, this.subscriptions, this.lives)
  }

  async createBucket(bucket: BucketOptions & { name: string }, options?: CreateBucketOptions): Promise<BucketInfo> {
    const params = () => {
      expectOptions(bucket, `name ${BUCKET_OPTIONS}`, 'bucket')
      return { ...bucket, ifExists: options?.ifExists }
    }
    return this.pipeline.call('kv.createBucket', params, options)
  }

  async updateBucket(name: string, changes: BucketOptions, options?: CallOptions): Promise<BucketInfo> {
    const params = () => {
      expectOptions(changes, BUCKET_OPTIONS, 'changes')
      return { ...changes, bucket: name }
    }
    return this.pipeline.call('kv.updateBucket', params, options)
  }

  async deleteBucket(name: string, options?: CallOptions): Promise<Written> {
    return this.pipeline.call('kv.deleteBucket', { bucket: name }, options)
  }

  async listBuckets(options?: ReadOptions): Promise<BucketInfo[]> {
    return collect(pages(this.pipeline, 'kv.listBuckets', {}, options, ({ buckets }) => buckets))
  }

  async getBucketInfo(name: string, options?: ReadOptions): Promise<BucketInfo> {
    return this.pipeline.call('kv.getBucketInfo', { bucket: name }, options)
  }
}
