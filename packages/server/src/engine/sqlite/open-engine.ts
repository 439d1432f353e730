import { join, resolve } from 'node:path'
import { type IronflowError, normalize } from '@ironflow/core/errors'
import { DEFAULT_TOMBSTONE_RETENTION_MS } from '../bucket-config'
import type { Engine, EngineOptions } from '../engine'
import { Followers } from '../followers'
import { type Committed, Committer } from './committer'
import { acceptDataLoss } from './data-loss'
import { SqliteEngine } from './engine'
import { eventsOf } from './events'
import { makeDirectory } from './files'
import { findStore } from './installation'
import { type Lock, lockDirectory } from './lock'
import { Reader } from './reader'
import { DATABASE_FILE, type Identity } from './schema'

/** Options of `openSqliteEngine`. */
export interface SqliteEngineOptions extends EngineOptions {
  /** The data directory; made if it is not there. It is this engine's alone while it is open. */
  directory: string
  /** The worker's file, for programs that are bundled anew; by default it is found beside this package's own. */
  workerUrl?: URL | undefined
  /**
   * Opens also a store that has lost acknowledged writes, because its log or database was lost, damaged or replaced by
   * an older one, and is called with the number of missing revisions. The store begins a new epoch then. Default: such a
   * store is refused.
   */
  onDataLoss?: ((missingRevisions: number) => void) | undefined
  /**
   * Called once if the thread that writes ends by itself. From then on every write fails, reads go on, and `status` says
   * so; only opening the store anew, best in a new process, ends it. Default: nothing more happens.
   */
  onFatal?: ((error: IronflowError) => void) | undefined
  /**
   * Called once if the store's high-water mark cannot be written, by which a loss of acknowledged writes is noticed. The
   * store works all the same. Default: nothing more happens.
   */
  onWarning?: ((message: string) => void) | undefined
  /** For tests: the database may not grow beyond this many pages, as on a disk that is full. */
  maxPages?: number | undefined
}

/**
 * Opens the store in a data directory, or makes one in an empty directory. An acknowledged write is on the disk.
 *
 * @throws unavailable where another server has the directory, or the database is missing, empty, damaged, of another
 *   store or of a newer version; the message says which, and what to do. Such a store is left as it is.
 */
export async function openSqliteEngine(options: SqliteEngineOptions): Promise<Engine> {
  const directory = resolve(options.directory)
  let lock: Lock | undefined
  try {
    makeDirectory(directory)
    lock = lockDirectory(directory)
    const found = findStore(directory)
    const { onDataLoss } = options
    const identity = onDataLoss ? acceptDataLoss(directory, found, onDataLoss) : found
    return await open(join(directory, DATABASE_FILE), identity, lock, options)
  } catch (error) {
    lock?.release()
    // What is not ours is the file system's: no permission, no such device.
    throw normalize(error, 'unavailable', { retryable: false })
  }
}

/** Opens the database of a locked directory, the worker first: what it refuses is never read. */
async function open(
  path: string,
  { storeId, epoch }: Identity,
  lock: Lock,
  options: SqliteEngineOptions,
): Promise<Engine> {
  const { workerUrl, bucketDefaults, maxPages, onCommit, onFatal, onWarning } = options
  const { now = Date.now, uptime = () => performance.now() } = options
  const { tombstoneRetentionMs = DEFAULT_TOMBSTONE_RETENTION_MS } = options
  const followers = new Followers()
  const publish = (batch: Committed) => {
    const { writes, durationMs } = batch.report
    if (writes > 0) onCommit?.({ writes, durationMs })
    for (const { bucket, event } of eventsOf(batch, epoch, (name) => followers.has(name))) followers.tell(bucket, event)
    followers.deliver()
  }
  const openedAt = { now: now(), uptime: uptime() }
  const start = { path, storeId, epoch, bucketDefaults, tombstoneRetentionMs, openedAt, maxPages }
  const url = workerUrl ?? new URL('./sqlite-worker.js', import.meta.url)
  const committer = await Committer.start(url, start, uptime, {
    onCommitted: publish,
    onWarning: (message) => onWarning?.(message),
    onFatal: (error) => onFatal?.(error),
  })
  try {
    const reader = new Reader(path, epoch, now)
    return new SqliteEngine({ epoch, committer, reader, followers, lock, now, tombstoneRetentionMs })
  } catch (error) {
    await committer.close()
    throw error
  }
}
