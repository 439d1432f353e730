import { Worker } from 'node:worker_threads'
import { errorFor, type IronflowError } from '@ironflow/core/errors'
import type { BatchReport, Failure, FromWorker, Outcome, ToWorker, WorkerStart, Write } from './messages'
import { refused } from './refusal'

/** Writes that may wait for the disk at once; beyond it the server says that it is overloaded instead of growing. */
const MAX_WAITING = 20_000
const MAX_WAITING_BYTES = 128 * 1024 * 1024

interface Pending {
  write: Write
  resolve: (outcome: Exclude<Outcome, Failure>) => void
  reject: (error: IronflowError) => void
}

/** A batch that is committed: each write with what became of it, in order. */
export interface Committed {
  report: BatchReport
  writes: Write[]
}

/** What a {@link Committer} reports. */
export interface CommitterListener {
  onCommitted(batch: Committed): void
  /** Something is wrong that keeps no write from being done. */
  onWarning(message: string): void
  /** The worker has ended by itself: nothing can be written any more. Called at most once, after the start. */
  onFatal(error: IronflowError): void
}

/**
 * The main thread's end of the worker. Writes of one turn of the event loop go there in one message, and a batch comes
 * back in one message after its commit: only then does any of its promises settle.
 */
export class Committer {
  readonly #worker: Worker
  readonly #uptime: () => number
  readonly #listener: CommitterListener
  /** Sent or about to be, in order; the worker answers in the same order. */
  #pending: Pending[] = []
  #unsent: Write[] = []
  #waitingBytes = 0
  readonly #ended: Promise<void>
  #isStarted = false
  #closing = false
  /** Why there is no worker any more. */
  #dead: string | undefined
  /** The newest revision that is committed. */
  revision = 0
  /** Whether there may be work on many keys to go on with: after a start, that is to be found out. */
  hasUpkeep = true
  /** Why writes fail for now, if they do. */
  trouble: string | undefined

  private constructor(worker: Worker, uptime: () => number, listener: CommitterListener) {
    this.#worker = worker
    this.#uptime = uptime
    this.#listener = listener
    this.#ended = new Promise((resolve) => {
      worker.once('exit', () => {
        if (!this.#closing || this.#pending.length > 0) {
          this.#fail('the thread that writes the database has ended; restart the server')
        }
        resolve()
      })
    })
    worker.on('error', (error) =>
      this.#fail(`the thread that writes the database has failed: ${error.message}; restart the server`),
    )
  }

  /** Starts the worker and waits until it has opened the database. @throws what it says against the database */
  static async start(
    workerUrl: URL,
    start: WorkerStart,
    uptime: () => number,
    listener: CommitterListener,
  ): Promise<Committer> {
    const worker = new Worker(workerUrl, { workerData: start, name: 'ironflow-sqlite' })
    const committer = new Committer(worker, uptime, listener)
    const first = await new Promise<FromWorker>((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'batch') committer.#settle(message)
        else if (message.kind === 'warning') listener.onWarning(message.message)
        else resolve(message)
      })
      worker.once('error', (error) => reject(refused(`cannot start ${workerUrl}: ${error.message}`, error)))
      worker.once('exit', (code) => reject(refused(`cannot start ${workerUrl}: it exited with ${code}`)))
    })
    if (first.kind !== 'opened') {
      await committer.close()
      const refusal = first.kind === 'refused' ? first : { code: 'internal' as const, message: 'out of step' }
      throw errorFor(refusal.code, refusal.message, { retryable: false })
    }
    committer.revision = first.revision
    committer.#isStarted = true
    return committer
  }

  submit(write: Write): Promise<Exclude<Outcome, Failure>> {
    return new Promise((resolve, reject) => {
      const bytes = bytesOf(write)
      if (this.#closing) return reject(errorFor('closed', 'the store is closed'))
      if (this.#dead !== undefined) return reject(errorFor('unavailable', this.#dead))
      if (this.#pending.length >= MAX_WAITING || this.#waitingBytes + bytes > MAX_WAITING_BYTES) {
        return reject(errorFor('unavailable', `too many writes wait for the disk (${this.#pending.length})`))
      }
      this.#pending.push({ write, resolve, reject })
      this.#waitingBytes += bytes
      if (this.#unsent.push(write) === 1) setImmediate(() => this.#send())
    })
  }

  /** Finishes what was submitted and ends the worker. */
  close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true
      this.#send()
      this.#post('close')
    }
    return this.#ended
  }

  #send(): void {
    if (this.#unsent.length === 0) return
    const writes = this.#unsent
    this.#unsent = []
    this.#post({ writes, uptime: this.#uptime() })
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message)
  }

  #settle(report: BatchReport): void {
    const settled = this.#pending.splice(0, report.outcomes.length)
    this.revision = report.revision
    this.trouble = report.trouble
    this.hasUpkeep = report.hasUpkeep
    for (const { write } of settled) this.#waitingBytes -= bytesOf(write)
    this.#listener.onCommitted({ report, writes: settled.map(({ write }) => write) })
    for (const [index, { resolve, reject }] of settled.entries()) {
      const outcome = report.outcomes[index]
      if (outcome?.kind === 'failed') reject(errorOf(outcome))
      else if (outcome) resolve(outcome)
    }
  }

  /** Whether what was under way is true is not known: it is not acknowledged, and nothing more is accepted. */
  #fail(reason: string): void {
    if (this.#dead !== undefined) return
    this.#dead = reason
    this.trouble = reason
    this.#unsent = []
    for (const { reject } of this.#pending.splice(0)) reject(errorFor('unavailable', reason))
    if (this.#isStarted) this.#listener.onFatal(errorFor('unavailable', reason, { retryable: false }))
  }
}

function bytesOf(write: Write): number {
  return write.do === 'put' ? write.bytes : 0
}

function errorOf({ code, message, currentRevision, details }: Failure): IronflowError {
  return errorFor(code, message, { currentRevision, details })
}
