import type {
  ApiKey,
  BucketInfo,
  BucketOptions,
  ConfigEntry,
  ConfigSummary,
  ConfigVersion,
  CreatedApiKey,
  NewApiKey,
  Written,
} from './model'
import type { Position } from './position'
import type { Encoding, WireEntry } from './value'

/** Which page of a list: at most `limit` items (1 … 1,000; default 1,000) after the `nextCursor` of the page before. */
export interface PageParams {
  limit?: number | undefined
  cursor?: string | undefined
}

/** A page of a list; `nextCursor` is there while more follows. A page may be empty and have one. */
export interface PageInfo {
  nextCursor?: string | undefined
}

/** Only write if the thing has this revision; 0: only if it does not exist. */
export interface IfRevision {
  ifRevision?: number | undefined
  /** The epoch that came with the revision; a revision of another life never matches. */
  ifEpoch?: string | undefined
}

interface KeyParams {
  bucket: string
  key: string
}

interface ValueParams extends KeyParams {
  /** A JSON value, a string, or bytes (base64 text, or a `Uint8Array` until it meets a wire), as `encoding` says. */
  value: unknown
  encoding: Encoding
  ttlSeconds?: number | undefined
}

/** Each method's parameters and result, by its name in the method table. */
export interface Contract {
  'config.list': { params: PageParams; result: PageInfo & { configs: ConfigSummary[]; count: number } }
  'config.get': { params: { name: string; revision?: number | undefined }; result: ConfigEntry }
  'config.set': {
    params: IfRevision & { name: string; data: unknown; createOnly?: boolean | undefined }
    result: ConfigSummary
  }
  'config.patch': { params: IfRevision & { name: string; fields: unknown }; result: ConfigSummary }
  'config.delete': { params: IfRevision & { name: string }; result: Written }
  'config.history': {
    params: PageParams & { name: string }
    result: PageInfo & { versions: ConfigVersion[]; count: number }
  }
  'config.rollback': { params: IfRevision & { name: string; revision: number }; result: ConfigSummary }

  'kv.createBucket': {
    params: BucketOptions & { name: string; ifExists?: 'fail' | 'update' | undefined }
    result: BucketInfo
  }
  'kv.listBuckets': { params: PageParams; result: PageInfo & { buckets: BucketInfo[]; count: number } }
  'kv.getBucketInfo': { params: { bucket: string }; result: BucketInfo }
  'kv.updateBucket': { params: BucketOptions & { bucket: string }; result: BucketInfo }
  'kv.deleteBucket': { params: { bucket: string }; result: Written }

  'kv.keys': {
    params: PageParams & { bucket: string; filter?: string | undefined }
    result: PageInfo & { keys: string[]; count: number } & Position
  }
  'kv.entries': {
    params: PageParams & { bucket: string; filter?: string | undefined }
    result: PageInfo & { entries: WireEntry[]; count: number } & Position
  }
  'kv.get': { params: KeyParams & { revision?: number | undefined }; result: WireEntry }
  'kv.history': { params: PageParams & KeyParams; result: PageInfo & { entries: WireEntry[]; count: number } }
  'kv.put': { params: ValueParams; result: Written }
  'kv.create': { params: ValueParams; result: Written }
  'kv.update': { params: ValueParams & IfRevision; result: Written }
  'kv.delete': { params: KeyParams & IfRevision; result: Written }
  'kv.purge': { params: KeyParams & IfRevision; result: Written }

  'admin.apiKeys.create': { params: NewApiKey; result: CreatedApiKey }
  'admin.apiKeys.list': { params: PageParams; result: PageInfo & { apiKeys: ApiKey[]; count: number } }
  'admin.apiKeys.revoke': { params: { id: string }; result: Written }
  'admin.environments': { params: Record<never, never>; result: { environments: string[]; count: number } }
}

/** The parameters of a method. */
export type Params<M extends keyof Contract> = Contract[M]['params']
/** The result of a method. */
export type Result<M extends keyof Contract> = Contract[M]['result']
