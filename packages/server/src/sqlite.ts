export { backup, restore } from './engine/sqlite/backup'
export type { BackupSummary } from './engine/sqlite/copy'
export type { SqliteEngineOptions } from './engine/sqlite/open-engine'
export { openSqliteEngine } from './engine/sqlite/open-engine'
