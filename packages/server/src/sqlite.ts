export { backup, restore } from './engine/sqlite/backup'
export type { BackupSummary } from './engine/sqlite/copy'
export { openSqliteEngine, type SqliteEngineOptions } from './engine/sqlite/engine'
