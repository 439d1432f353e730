export { inProcessTransport } from './bindings/in-process'
export type { HttpRequest, HttpResponse } from './bindings/message'
export type { Caller, Outcome, RawCall } from './dispatch/call'
export {
  type BucketConfig,
  type BucketPage,
  type BucketRecord,
  type ChangesPage,
  type ChangesQuery,
  type Commit,
  type CommitStats,
  type Engine,
  type EngineEvent,
  type EngineFacts,
  type EngineOptions,
  type EngineStatus,
  type EntriesPage,
  type EntriesQuery,
  type Entry,
  type Following,
  type HistoryQuery,
  NO_BUCKET,
  type OnceOptions,
  type PageQuery,
  type PutOptions,
  type ReadOptions,
  type StoredValue,
  type WriteOptions,
} from './engine/engine'
export { createMemoryEngine } from './engine/memory'
export { CommitMeter } from './observe/commit-meter'
export { type Logger, silentLogger } from './observe/logger'
export type { MetricsExporter, MetricsParts, Scrape } from './observe/metrics-exporter'
export { openapiDocument } from './openapi/document'
export { API_KEY_SYNTAX, bucketDefaults, DEFAULTS, type Limits, type ServerOptions } from './options'
export { createServer, type IronflowServer } from './server'
