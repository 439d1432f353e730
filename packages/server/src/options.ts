import { FieldProblems } from '@ironflow/core/errors'
import { environmentRule } from '@ironflow/core/protocol'
import { version } from '../package.json'
import type { BucketConfig, Engine } from './engine/engine'
import { CommitMeter } from './observe/commit-meter'
import { type Logger, silentLogger } from './observe/logger'
import type { MetricsExporter, MetricsParts } from './observe/metrics-exporter'

/** What a server can be told. Only the engine has no default; the object is read once and not kept. */
export interface ServerOptions {
  /** Where everything is kept. Closing it is its maker's business. */
  engine: Engine
  /**
   * `required` (default): every call needs an API key. `none`: for development; everybody may do everything, so only
   * requests from this machine are answered, and from pages it serves itself.
   */
  auth?: 'required' | 'none' | undefined
  /** Origins whose pages may call this server: `https://app.example.com`. Default: none. */
  corsOrigins?: readonly string[] | undefined
  /** The environments there are; any other is refused, so that a typo is not an empty world. Default: any. */
  environments?: readonly string[] | undefined
  limits?: Partial<Limits> | undefined
  /** Milliseconds between two signs of life to everybody who watches. Default 15,000. */
  heartbeatMs?: number | undefined
  /** A pino logger, or anything like one. Default: silence. */
  logger?: Logger | undefined
  /** What the engine's `onCommit` tells, so that `/metrics` knows of commits. */
  commits?: CommitMeter | undefined
  /**
   * Makes what `/metrics` answers with: `prometheusMetrics` of `@ironflow/server/node`. Default: the route is
   * `unsupported`.
   */
  metrics?: ((parts: MetricsParts) => MetricsExporter) | undefined
  /** An admin key that the first start makes, instead of one by chance: `ifkey_` and 48 hex digits. */
  bootstrapKey?: string | undefined
  /**
   * Takes the admin key that the first start made by chance; nobody else will ever see it. The key counts only after
   * this has resolved. Without this and {@link bootstrapKey}, no key is made.
   */
  onBootstrapKey?: ((key: string) => void | Promise<void>) | undefined
  /** What `/api/v1/capabilities` says. Default: the package's version. */
  version?: string | undefined
  /** Wall clock in epoch milliseconds; tests bring their own. */
  now?: (() => number) | undefined
}

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
  /** How deep JSON may nest. Default 64. */
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
  /** How many are remembered at most; beyond it the oldest go early. Default 200,000. */
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

/** What a server does unless it is told otherwise. */
export const DEFAULTS = {
  auth: 'required',
  heartbeatMs: 15_000,
  limits: {
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
  },
} as const satisfies { auth: string; heartbeatMs: number; limits: Limits }

/** {@link ServerOptions} with everything decided. */
export interface ResolvedOptions {
  readonly engine: Engine
  readonly auth: 'required' | 'none'
  readonly corsOrigins: ReadonlySet<string>
  readonly environments: ReadonlySet<string> | undefined
  readonly limits: Readonly<Limits>
  readonly heartbeatMs: number
  readonly logger: Logger
  readonly commits: CommitMeter
  readonly metrics: ((parts: MetricsParts) => MetricsExporter) | undefined
  readonly bootstrapKey: string | undefined
  readonly onBootstrapKey: ((key: string) => void | Promise<void>) | undefined
  readonly version: string
  readonly now: () => number
}

/** An API key as it is handed out. */
export const API_KEY_SYNTAX = /^ifkey_[0-9a-f]{48}$/

/** Decides every option, once. @throws ValidationError naming each option that cannot be used */
export function resolveOptions(options: ServerOptions): ResolvedOptions {
  const problems = new FieldProblems()
  const given = Object.entries(options.limits ?? {}).filter(([, value]) => value !== undefined)
  const limits: Limits = { ...DEFAULTS.limits, ...Object.fromEntries(given) }
  for (const [name, value] of given) {
    if (!Object.hasOwn(DEFAULTS.limits, name)) problems.add(`limits.${name}`, 'is no limit of this server')
    else if (!Number.isSafeInteger(value) || value < (name === 'answerCacheBytes' ? 0 : 1)) {
      problems.add(`limits.${name}`, 'must be a whole number above 0')
    }
  }
  const heartbeatMs = options.heartbeatMs ?? DEFAULTS.heartbeatMs
  if (!Number.isSafeInteger(heartbeatMs) || heartbeatMs < 1)
    problems.add('heartbeatMs', 'must be a whole number above 0')
  if (limits.configHistory > 64) problems.add('limits.configHistory', 'must be at most 64')
  for (const origin of options.corsOrigins ?? []) {
    if (!isOrigin(origin)) problems.add('corsOrigins', `${origin} is no origin, such as https://app.example.com`)
  }
  for (const environment of options.environments ?? []) {
    const problem = environmentRule(environment)
    if (problem) problems.add('environments', problem)
  }
  // What was given is not repeated: it may be a key with a typo.
  if (options.bootstrapKey !== undefined && !API_KEY_SYNTAX.test(options.bootstrapKey)) {
    problems.add('bootstrapKey', 'must be ifkey_ and 48 lower-case hex digits')
  }
  problems.throwIfAny()
  return {
    engine: options.engine,
    auth: options.auth ?? DEFAULTS.auth,
    corsOrigins: new Set(options.corsOrigins ?? []),
    environments: options.environments && new Set(options.environments),
    limits,
    heartbeatMs,
    logger: options.logger ?? silentLogger,
    commits: options.commits ?? new CommitMeter(),
    metrics: options.metrics,
    bootstrapKey: options.bootstrapKey,
    onBootstrapKey: options.onBootstrapKey,
    version: options.version ?? version,
    now: options.now ?? Date.now,
  }
}

/** What an engine should give a bucket that a put creates, by these limits: its `bucketDefaults`. */
export function bucketDefaults(limits: Pick<Limits, 'maxValueSize'> = DEFAULTS.limits): BucketConfig {
  return { history: 1, maxValueSize: limits.maxValueSize }
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text
}
