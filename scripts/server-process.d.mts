/** A running `ironflow serve`. */
export interface ServerProcess {
  readonly url: string
  /** The first admin key; absent in dev mode. */
  readonly apiKey: string | undefined
  /** The data directory. */
  readonly data: string
  readonly pid: number
  /** Resolves when it has ended, with its exit code; `null`: by a signal. */
  readonly exited: Promise<number | null>
  /** What it has logged so far, a JSON object a line. */
  log(): string
  /** Ends it by SIGTERM and answers its exit code; the data stays. */
  terminate(): Promise<number | null>
  /** Ends it by kill -9; the data stays. */
  kill(): Promise<void>
  /** Ends it, if it runs, and removes the temporary data. */
  stop(): Promise<void>
}

export interface StartOptions {
  /** Further options of the command. */
  args?: string[]
  /** A data directory to go on with, which is then not removed; default: a temporary one. */
  data?: string
  env?: Record<string, string>
  /** A process group of its own: a Ctrl-C in the terminal does not reach it. Default false. */
  detached?: boolean
  /** The executable of Node.js that runs it; default: that of this process. */
  node?: string
}

export function startServer(options?: StartOptions): Promise<ServerProcess>
