export { IronflowClient } from './client'
export * from './errors/index'
export type { ErrorContext, OnError } from './hooks'
export { type CallOptions, type ClientOptions, DEFAULTS } from './options'
export type { RetryPolicy } from './pipeline/retry'
export type { Platform } from './platform'
export type {
  ApiKey,
  BucketInfo,
  BucketOptions,
  ConfigEntry,
  ConfigSummary,
  ConfigVersion,
  CreatedApiKey,
  NewApiKey,
  Role,
  Written,
} from './protocol/model'
export type { Encoding, Operation } from './protocol/value'
export type { AdminSurface, ApiKeysSurface } from './surfaces/admin'
export type { Bucket, DeleteOptions, KvEntry, PutOptions } from './surfaces/bucket'
export type { ConfigSurface, ConfigWriteOptions } from './surfaces/config'
export type { KvSurface } from './surfaces/kv'
export type { Transport } from './transport/transport'
