export { inProcessTransport } from './bindings/in-process'
export type { HttpRequest, HttpResponse } from './bindings/message'
export type { Caller, Outcome, RawCall } from './dispatch/call'
export { bucketDefaults } from './domain/buckets'
export { API_KEY_SYNTAX } from './domain/key-records'
export type { BucketConfig, BucketPage, BucketRecord } from './engine/bucket-config'
export type {
  CommitStats,
  Engine,
  EngineEvent,
  EngineFacts,
  EngineOptions,
  EngineStatus,
  Following,
} from './engine/engine'
export type { Commit, Entry, StoredValue } from './engine/entry'
export { createMemoryEngine } from './engine/memory/engine'
export {
  type ChangesPage,
  type ChangesQuery,
  type EntriesPage,
  type EntriesQuery,
  type HistoryQuery,
  NO_BUCKET,
  type PageQuery,
  type ReadOptions,
} from './engine/queries'
export type { OnceOptions, PutOptions, WriteOptions } from './engine/write-options'
export type { Limits } from './limits'
export { CommitMeter } from './observe/commit-meter'
export { type Logger, silentLogger } from './observe/logger'
export type { MetricsExporter, MetricsParts, Scrape } from './observe/metrics-exporter'
export { openapiDocument } from './openapi/document'
export { DEFAULTS, type ServerOptions } from './options'
export { createServer, type IronflowServer } from './server'
