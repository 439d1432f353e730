import type { CallOptions, ReadOptions } from '../pipeline/call-options'
import type { Pipeline } from '../pipeline/pipeline'
import type { BucketInfo, BucketOptions, Written } from '../protocol/model'
import type { LiveValues } from '../watch/live-values'
import type { SubscriptionSet } from '../watch/subscription-set'
import { Bucket } from './bucket'
import type { CreateBucketOptions, KvApi } from './kv-api'
import type { KvBucket } from './kv-bucket'
import { collect, pages } from './paging'

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

  async createBucket(
    bucket: BucketOptions & { name: string },
    { ifExists, ...options }: CreateBucketOptions = {},
  ): Promise<BucketInfo> {
    return this.pipeline.call('kv.createBucket', { ...bucket, ifExists }, options)
  }

  async updateBucket(name: string, changes: BucketOptions, options?: CallOptions): Promise<BucketInfo> {
    return this.pipeline.call('kv.updateBucket', { ...changes, bucket: name }, options)
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
