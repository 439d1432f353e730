import type { IronflowError } from '@ironflow/core/errors'
import type { EngineOptions } from '../engine'

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
