export { backup, restore } from './engine/sqlite/backup'
export type { BackupSummary } from './engine/sqlite/copy'
export { openSqliteEngine } from './engine/sqlite/engine'
export type { SqliteEngineOptions } from './engine/sqlite/sqlite-engine-options'
