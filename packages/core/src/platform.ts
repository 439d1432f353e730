import type { IronflowError } from './errors/ironflow-error'

/**
 * What the runtime provides, passed in as one value: core touches no global of its own. `@ironflow/node` and
 * `@ironflow/browser` each fill one; tests fill one whose time and chance they decide.
 */
export interface Platform {
  /** Sent as `X-Ironflow-Client`: `node/0.1.0`. */
  readonly clientName: string
  readonly fetch: typeof fetch
  /** An environment variable, where the runtime has such a thing. */
  env(name: string): string | undefined
  /** Wall clock, epoch milliseconds. */
  now(): number
  /** 0 (included) to 1 (excluded). */
  random(): number
  /** A random identifier. */
  uuid(): string
  /** Runs `callback` once after `ms` milliseconds; the answer cancels it. */
  setTimer(callback: () => void, ms: number): () => void
  /** What the runtime's own network error means: a ConnectionError that says what happened, with the error as cause. */
  networkError(thrown: unknown): IronflowError
}
