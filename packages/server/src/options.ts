import { FieldProblems } from '@ironflow/core/errors'
import { environmentRule } from '@ironflow/core/protocol'
import { version } from '../package.json'
import { API_KEY_SYNTAX } from './domain/key-records'
import type { Engine } from './engine/engine'
import { DEFAULT_LIMITS, type Limits, resolveLimits } from './limits'
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

/** What a server does unless it is told otherwise. */
export const DEFAULTS = {
  auth: 'required',
  heartbeatMs: 15_000,
  limits: DEFAULT_LIMITS,
} as const satisfies { auth: string; heartbeatMs: number; limits: Limits }

/** {@link ServerOptions} with everything decided. */
export interface ResolvedOptions {
  readonly engine: Engine
  /** No authentication: everybody may do everything, so only this machine is answered. */
  readonly isOpen: boolean
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

/** Decides every option, once. @throws ValidationError naming each option that cannot be used */
export function resolveOptions(options: ServerOptions): ResolvedOptions {
  const problems = new FieldProblems()
  const limits = resolveLimits(options.limits ?? {}, problems)
  const heartbeatMs = options.heartbeatMs ?? DEFAULTS.heartbeatMs
  if (!Number.isSafeInteger(heartbeatMs) || heartbeatMs < 1)
    problems.add('heartbeatMs', 'must be a whole number above 0')
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
    isOpen: (options.auth ?? DEFAULTS.auth) === 'none',
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

function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text
}
