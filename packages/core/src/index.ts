export { IronflowClient } from './client'
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
export { type ClientOptions, DEFAULTS } from './options'
export type { CallOptions, ReadOptions } from './pipeline/call-options'
export type { RetryPolicy } from './pipeline/retry'
export {
  type HttpFetch,
  type HttpRequest,
  type HttpResponse,
  type LifecycleSignal,
  MAX_TIMER_MS,
  type Platform,
  type Socket,
  type SocketEnd,
  type SocketEvents,
} from './platform'
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
export type { AdminSurface, ApiKeysSurface } from './surfaces/admin'
export type {
  Bucket,
  BucketWatchHandlers,
  BucketWatchOptions,
  DeleteOptions,
  KvEntry,
  PutOptions,
} from './surfaces/bucket'
export type { ConfigSurface, ConfigWatchHandlers, ConfigWriteOptions } from './surfaces/config'
export type { EventsSurface } from './surfaces/events'
export type { KvSurface } from './surfaces/kv'
export type { CallTransport, Connection, ConnectionEnd, ConnectionSession, Transport } from './transport/transport'
export type { TransportKind, TransportOption } from './transport/transport-selector'
export type { ConfigDelete, ConfigUpdate } from './watch/config-kind'
export type { SystemEvent } from './watch/events-kind'
export type { KvUpdate } from './watch/kv-kind'
export type { LiveDocument } from './watch/live-document'
export type { ClientStatus, Condition, Setback, TransportStatus, WatchStatus } from './watch/status'
export type { Watcher, WatchHandlers, WatchOptions } from './watch/watcher'
export { openWebSocket } from './web-socket'
