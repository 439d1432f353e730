export { inProcessTransport } from './bindings/in-process'
export type { HttpRequest, HttpResponse } from './bindings/message'
export { type Listening, type ServeOptions, serve } from './bindings/node/serve'
export type { Caller, Outcome, RawCall } from './dispatch/call'
export type {
  BucketConfig,
  CommitStats,
  Engine,
  EngineFacts,
  EngineOptions,
  EngineStatus,
} from './engine/engine'
export { createMemoryEngine } from './engine/memory'
export { backup, restore } from './engine/sqlite/backup'
export type { BackupSummary } from './engine/sqlite/copy'
export { openSqliteEngine, type SqliteEngineOptions } from './engine/sqlite/engine'
export { CommitMeter } from './observe/commit-meter'
export { type Logger, silentLogger } from './observe/logger'
export { openapiDocument } from './openapi/document'
export { API_KEY_SYNTAX, bucketDefaults, DEFAULTS, type Limits, type ServerOptions } from './options'
export { createServer, type IronflowServer } from './server'
