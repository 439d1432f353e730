import { type ErrorCode, errorFor, type FieldProblems, type IronflowError } from '@ironflow/core/errors'

/** Every bound this server keeps. An error that one of them causes names it. */
export interface Limits {
  /** Bytes of a request's body. Default 1 MiB. */
  bodyBytes: number
  /** Bytes of a request's headers, the request line included. Default 16 KiB. */
  headerBytes: number
  /** Milliseconds a request's headers may take to arrive. Default 10,000. */
  headersTimeoutMs: number
  /** Milliseconds a whole request may take to arrive. Default 30,000. */
  requestTimeoutMs: number
  /**
   * Milliseconds after which a peer is cut that takes nothing of what is sent to it, over HTTP or a WebSocket; looked at
   * ten times in that time. Default 60,000.
   */
  stalledPeerMs: number
  /** Levels of nesting in JSON. Default 64. */
  jsonDepth: number
  /**
   * Members and elements of a request's JSON, all of them: of lists of subscriptions, of scopes. A document or a KV
   * value may have any number, since it is kept as text; a patch may have so many fields. Default 10,000.
   */
  jsonItems: number
  /** Bytes of a value: the default of buckets, the most one can be told, and what a document may have. Default 1,000,000. */
  maxValueSize: number
  /** Default 1,000. */
  bucketsPerEnvironment: number
  /** Revisions that are kept of a config document, 1 … 64. Default 64. */
  configHistory: number
  /** Scopes of one API key. Default 100. */
  scopesPerKey: number
  /** Items of one page of a list, and how many there are unless asked otherwise. Default 1,000. */
  pageItems: number
  /** Bytes of a page of a list as it is sent: a page ends before the item that is too much, unless that is its only one. Default 4 MiB. */
  pageBytes: number
  /** Milliseconds for which an `Idempotency-Key` is remembered. Default two minutes. */
  idempotencyWindowMs: number
  /** Most of them that are remembered; beyond it the oldest go early. Default 200,000. */
  idempotencyEntries: number
  /**
   * Writes that wait in memory for another one: patches for those of the same document before them, writes to a new
   * bucket for it to be made. Beyond it they are `unavailable`. Default 20,000.
   */
  waitingWrites: number
  /** Bytes of what these write. Default 128 MiB. */
  waitingWriteBytes: number
  /** Verified API keys whose hashes and rights are kept in memory. Default 10,000. */
  cachedKeys: number
  /** Bytes of encoded answers to reads of KV entries that are kept in memory; 0: none. Default 64 MiB. */
  answerCacheBytes: number
  /** Buckets whose answers are among them; beyond it those of the bucket that was not read for longest go. Default 1,000. */
  answerCacheBuckets: number
  /** Buckets of which `/metrics` shows bytes and values. Default 1,000. */
  metricsBuckets: number
  /** Watching clients at once: sockets, event streams and long polls. Default 25,000. */
  streams: number
  /** Those of one API key. A page's key is the key of everybody who has it open. Default 20,000. */
  streamsPerKey: number
  /** Subscriptions that one of them carries. Default 1,000. */
  subscriptionsPerStream: number
  /** Default 64. */
  filtersPerSubscription: number
  /**
   * Changes that wait for a slow reader, all subscriptions of its connection together, of each key the newest. Beyond it,
   * they are read from the store later. Default 1,000.
   */
  watchQueueKeys: number
  /** Bytes of those changes. Default 1 MiB. */
  watchQueueBytes: number
  /** Bytes on their way to a client at which it counts as slow. Default 256 KiB. */
  streamBufferBytes: number
  /** Calls of one WebSocket that are answered at once; further ones wait. Default 256. */
  callsPerSocket: number
  /** Bytes that those calls and their responses may take, about; one call alone may take more. Default 8 MiB. */
  callBytesPerSocket: number
  /** Bytes of the answer to a long poll; current values beyond it need a stream. Default 32 MiB. */
  pollAnswerBytes: number
  /**
   * Bytes of all answers to long polls that have more than 1 MiB, while they are filled and until their peers have taken
   * them. An answer that waits for room for longer than ten seconds is `unavailable`. Default 128 MiB.
   */
  pollBytes: number
}

/** The limits of a server that is given none. */
export const DEFAULT_LIMITS = {
  bodyBytes: 1_048_576,
  headerBytes: 16_384,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  stalledPeerMs: 60_000,
  jsonDepth: 64,
  jsonItems: 10_000,
  maxValueSize: 1_000_000,
  bucketsPerEnvironment: 1_000,
  configHistory: 64,
  scopesPerKey: 100,
  pageItems: 1_000,
  pageBytes: 4_194_304,
  idempotencyWindowMs: 120_000,
  idempotencyEntries: 200_000,
  waitingWrites: 20_000,
  waitingWriteBytes: 134_217_728,
  cachedKeys: 10_000,
  answerCacheBytes: 67_108_864,
  answerCacheBuckets: 1_000,
  metricsBuckets: 1_000,
  streams: 25_000,
  streamsPerKey: 20_000,
  subscriptionsPerStream: 1_000,
  filtersPerSubscription: 64,
  watchQueueKeys: 1_000,
  watchQueueBytes: 1_048_576,
  streamBufferBytes: 262_144,
  callsPerSocket: 256,
  callBytesPerSocket: 8_388_608,
  pollAnswerBytes: 33_554_432,
  pollBytes: 134_217_728,
} as const satisfies Limits

/** Returns all limits, those that were given in place of the defaults; notes a problem for each that cannot be used. */
export function resolveLimits(wanted: Partial<Limits>, problems: FieldProblems): Limits {
  const given = Object.entries(wanted).filter(([, value]) => value !== undefined)
  const limits: Limits = { ...DEFAULT_LIMITS, ...Object.fromEntries(given) }
  for (const [name, value] of given) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) problems.add(`limits.${name}`, 'is no limit of this server')
    else if (!Number.isSafeInteger(value) || value < (name === 'answerCacheBytes' ? 0 : 1)) {
      problems.add(`limits.${name}`, 'must be a whole number above 0')
    }
  }
  if (limits.configHistory > 64) problems.add('limits.configHistory', 'must be at most 64')
  return limits
}

/** The error of a limit that was met. It names the limit, so that its owner knows what to raise. */
export function beyondLimit(code: ErrorCode, what: string, limit: keyof Limits, limits: Limits): IronflowError {
  const max = limits[limit]
  return errorFor(code, `${what} (limit ${limit}: ${max})`, { details: { limit, max } })
}
