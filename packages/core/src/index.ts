export type { ErrorCode } from './errors/codes'
export { type ErrorInit, IronflowError, isIronflowError } from './errors/ironflow-error'
export {
  ConflictError,
  ConnectionError,
  NotFoundError,
  RateLimitError,
  TimeoutError,
  UnauthenticatedError,
  UnauthorizedError,
  ValidationError,
} from './errors/kinds'
export type { ErrorContext, OnError } from './hooks'
export type { IronflowClient } from './ironflow-client'
export type { ClientOptions, Logger } from './options'
export type { CallOptions, ReadOptions } from './pipeline/call-options'
export type { RetryPolicy } from './pipeline/retry'
export type {
  ApiKey,
  BucketInfo,
  BucketOptions,
  ConfigEntry,
  ConfigSummary,
  ConfigVersion,
  CreatedApiKey,
  NewApiKey,
  Written,
} from './protocol/model'
export type { KnownPosition, Position } from './protocol/position'
export type { Role } from './protocol/rights'
export type { Encoding, Operation } from './protocol/value'
export type { AdminApi, ApiKeysApi } from './surfaces/admin'
export type {
  ConfigApi,
  ConfigReadOptions,
  ConfigSetOptions,
  ConfigWatchHandlers,
  ConfigWriteOptions,
  HistoryOptions,
  TypedConfigApi,
} from './surfaces/config-api'
export type { EventsApi } from './surfaces/events'
export type { CreateBucketOptions, KvApi, TypedKvApi } from './surfaces/kv-api'
export type {
  BucketWatchHandlers,
  BucketWatchOptions,
  DeleteOptions,
  KvBucket,
  KvEntry,
  KvReadOptions,
  PutOptions,
} from './surfaces/kv-bucket'
export type { Schema, TypeOf } from './surfaces/schema'
export type { CallTransport, Connection, ConnectionEnd, ConnectionSession, Transport } from './transport/transport'
export type { TransportKind, TransportOption } from './transport/transport-selector'
export type { ConfigDelete, ConfigUpdate } from './watch/config-kind'
export type { SystemEvent } from './watch/events-kind'
export type { KvPut, KvRemoval, KvUpdate } from './watch/kv-kind'
export type { BucketSnapshot, ConfigSnapshot } from './watch/live-kinds'
export type { LiveOptions, LiveReadiness, LiveValue, ReadyOptions } from './watch/live-value'
export type { ClientStatus, Condition, Setback, TransportStatus, WatchStatus } from './watch/status'
export type { Watcher, WatchHandlers, WatchOptions } from './watch/watcher'
