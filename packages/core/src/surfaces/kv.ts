import type { CallOptions, ReadOptions } from '../pipeline/call-options'
import type { Pipeline } from '../pipeline/pipeline'
import type { BucketInfo, BucketOptions, Written } from '../protocol/model'
import type { SubscriptionSet } from '../watch/subscription-set'
import { Bucket } from './bucket'
import { collect, pages } from './paging'

/** The key-value store: buckets of keys. `client.kv()`. */
export class KvSurface {
  constructor(
    private readonly pipeline: Pipeline,
    private readonly subscriptions: SubscriptionSet,
  ) {}

  /**
   * One bucket, to read and write. Makes no call: the first write creates the bucket with its defaults where there is
   * none.
   *
   * @example
   * ```ts
   * const sessions = client.kv().bucket<Session>('sessions')
   * await sessions.put('user.42', { cart: [] }, { ttlSeconds: 3600 })
   * ```
   */
  // biome-ignore lint/suspicious/noExplicitAny: values read without a type parameter are used as their writer knows them
  bucket<T = any>(name: string): Bucket<T> {
    return new Bucket<T>(name, this.pipeline, this.subscriptions)
  }

  /**
   * Makes a bucket. One that is there with the same options is fine; with others it is left as it is and the call fails,
   * or, with `ifExists: 'update'`, takes the given options.
   *
   * @throws ConflictError code `already_exists`
   */
  async createBucket(
    options: BucketOptions & { name: string },
    { ifExists, ...rest }: CallOptions & { ifExists?: 'fail' | 'update' | undefined } = {},
  ): Promise<BucketInfo> {
    return this.pipeline.call('kv.createBucket', { ...options, ifExists }, rest)
  }

  /** Changes options of a bucket; those that are absent stay. @throws NotFoundError */
  async updateBucket(name: string, changes: BucketOptions, options?: CallOptions): Promise<BucketInfo> {
    return this.pipeline.call('kv.updateBucket', { ...changes, bucket: name }, options)
  }

  /** Deletes a bucket with everything in it. @throws NotFoundError */
  async deleteBucket(name: string, options?: CallOptions): Promise<Written> {
    return this.pipeline.call('kv.deleteBucket', { bucket: name }, options)
  }

  /** All buckets of the environment that the key may read, by name. */
  async listBuckets(options?: ReadOptions): Promise<BucketInfo[]> {
    return collect(pages(this.pipeline, 'kv.listBuckets', {}, options, ({ buckets }) => buckets))
  }

  /** A bucket's options, and how full it is. @throws NotFoundError */
  async getBucketInfo(name: string, options?: ReadOptions): Promise<BucketInfo> {
    return this.pipeline.call('kv.getBucketInfo', { bucket: name }, options)
  }
}
