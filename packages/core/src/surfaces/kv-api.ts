import type { CallOptions, ReadOptions } from '../pipeline/call-options'
import type { BucketInfo, BucketOptions, Written } from '../protocol/model'
import type { KvBucket } from './kv-bucket'
import type { TypeOf } from './schema'

/** Options of making a bucket. */
export interface CreateBucketOptions extends CallOptions {
  /** Where the bucket exists with other options: `update` changes those that are given. Default `fail`. */
  ifExists?: 'fail' | 'update' | undefined
}

/** The key-value store: buckets of keys. `client.kv()`. */
export interface KvApi {
  /**
   * Returns one bucket, to read and write. Makes no call: the first write creates the bucket with its defaults where
   * there is none.
   *
   * @example
   * ```ts
   * const sessions = client.kv().bucket<Session>('sessions')
   * await sessions.put('user.42', { cart: [] }, { ttlSeconds: 3600 })
   * ```
   */
  // biome-ignore lint/suspicious/noExplicitAny: values read without a type parameter are used as their writer knows them
  bucket<T = any>(name: string): KvBucket<T>

  /**
   * Makes a bucket. No-op if it exists with the same options; with others it is left as it is and the call fails, or,
   * with `ifExists: 'update'`, takes the given options.
   *
   * @throws ConflictError code `already_exists`
   */
  createBucket(bucket: BucketOptions & { name: string }, options?: CreateBucketOptions): Promise<BucketInfo>

  /** Changes options of a bucket; those that are absent stay. @throws NotFoundError */
  updateBucket(name: string, changes: BucketOptions, options?: CallOptions): Promise<BucketInfo>

  /** Deletes a bucket with everything in it. @throws NotFoundError */
  deleteBucket(name: string, options?: CallOptions): Promise<Written>

  /** Lists all buckets of the environment that the key may read, by name. */
  listBuckets(options?: ReadOptions): Promise<BucketInfo[]>

  /** Returns a bucket's options, and how full it is. @throws NotFoundError */
  getBucketInfo(name: string, options?: ReadOptions): Promise<BucketInfo>
}

/** {@link KvApi} of a client with a schema: buckets that `B` names have its types, others the one you give. */
export interface TypedKvApi<B> extends Omit<KvApi, 'bucket'> {
  bucket<T = unknown, N extends string = string>(name: N): KvBucket<TypeOf<B, N, T>>
}
