import { invalid } from './errors/kinds'
import type { OnError } from './hooks'
import { isPositive } from './pipeline/call-options'
import { expectOptions } from './pipeline/option-names'
import type { PipelineOptions } from './pipeline/pipeline'
import type { RetryPolicy } from './pipeline/retry'
import type { Platform } from './platform'
import { environmentRule } from './protocol/names'
import { API_KEY_RULE, isApiKey } from './transport/credentials'
import type { LinkOptions } from './transport/link'
import { TRANSPORTS, type TransportOption } from './transport/transport-selector'
import type { ConnectionOptions } from './watch/connection-manager'
import type { ClientStatus } from './watch/status'

/** Options of a client. Each has a default; the object is read once. */
export interface ClientOptions {
  /**
   * Address of the server. Several addresses of one server or cluster are tried in turn when one cannot be reached, by
   * calls and watches together.
   * Default: `IRONFLOW_SERVER_URL`, else `http://localhost:9123`.
   */
  serverUrl?: string | string[] | undefined
  /**
   * The API key, or a function that gets one: it is asked on first use, and once more after a 401. Default:
   * `IRONFLOW_API_KEY`, else none.
   */
  apiKey?: string | (() => string | Promise<string>) | undefined
  /** The environment every call is about. Default: `IRONFLOW_ENV`, else the key's own, else `default`. */
  environment?: string | undefined
  /** Milliseconds a whole call may take, retries included. Default 30,000. */
  timeoutMs?: number | undefined
  /** Milliseconds one attempt may take. Default 10,000. */
  attemptTimeoutMs?: number | undefined
  /** How failed attempts are repeated; `false`: not at all. */
  retry?: Partial<RetryPolicy> | false | undefined
  /**
   * What carries calls and watches. Default `auto`: calls by HTTP; watches over a WebSocket, or, where something on the
   * way lets none pass, as server-sent events or by long polls. `websocket`: calls go over the same socket as watches.
   * `sse`, `poll`: calls by HTTP. A transport of your own, or the in-process one of `@ironflow/server`, carries it all.
   */
  transport?: TransportOption | undefined
  /** Called for every failed call, and for what goes wrong with watches. */
  onError?: OnError | undefined
  /** Called whenever the client's watch status changes: `client.status()`. */
  onStatus?: ((status: ClientStatus) => unknown) | undefined
  /**
   * Asked at each call for the W3C trace context to send with it, so that the server's log can be joined to a trace;
   * `undefined`: there is none.
   */
  traceparent?: (() => string | undefined) | undefined
  /** Replaces the runtime's `fetch`. */
  fetch?: typeof fetch | undefined
  /**
   * Gets what `onError` and `onStatus` get, for as long as those are not given: failures as `error`, a watch that is
   * interrupted or refused as `warn`, any other change of the status as `info` or `debug`. `console` is one. Default: none.
   */
  logger?: Logger | undefined
  /** Sent with every request, for proxies on the way. */
  headers?: Record<string, string> | undefined
}

/** A log, such as `console`. */
export interface Logger {
  error(message: string, ...details: unknown[]): void
  warn(message: string, ...details: unknown[]): void
  info(message: string, ...details: unknown[]): void
  debug(message: string, ...details: unknown[]): void
}

/** {@link ClientOptions} with everything decided: what each part of the client asks for. */
export interface ResolvedOptions extends LinkOptions, PipelineOptions, ConnectionOptions {
  readonly apiKey: ClientOptions['apiKey']
}

/** The default of each option that has one. */
export const DEFAULTS = {
  serverUrl: 'http://localhost:9123',
  timeoutMs: 30_000,
  attemptTimeoutMs: 10_000,
  retry: { maxAttempts: 4, baseDelayMs: 100, maxDelayMs: 30_000 },
} as const

const LEVELS = ['error', 'warn', 'info', 'debug'] as const

/** The names of {@link ClientOptions}. */
const NAMES =
  'serverUrl apiKey environment timeoutMs attemptTimeoutMs retry transport onError onStatus traceparent fetch logger headers'

/**
 * Decides every option, once.
 *
 * @param more names of options that the runtime's package has besides
 * @throws ValidationError naming each option that cannot be used
 */
export function resolveOptions(options: ClientOptions, platform: Platform, more = ''): ResolvedOptions {
  expectOptions(options, `${NAMES} ${more}`)
  expectOptions(options.retry || undefined, Object.keys(DEFAULTS.retry).join(' '), 'retry')
  const isLogger = LEVELS.every((level) => !options.logger || typeof options.logger[level] === 'function')
  if (!isLogger) throw invalid({ logger: `must have ${LEVELS.join(', ')}` })
  const { serverUrl, retry, headers, logger, ...decided } = {
    ...DEFAULTS,
    serverUrl: platform.env('IRONFLOW_SERVER_URL') ?? DEFAULTS.serverUrl,
    apiKey: platform.env('IRONFLOW_API_KEY'),
    environment: platform.env('IRONFLOW_ENV'),
    transport: 'auto' as const,
    fetch: platform.fetch,
    headers: {},
    ...(options.logger && hooksOf(options.logger)),
    ...given(options),
  }
  const resolved: ResolvedOptions = {
    ...decided,
    serverUrls: [serverUrl].flat(),
    retry: { ...DEFAULTS.retry, ...(retry === false ? { maxAttempts: 1 } : given(retry)) },
    headers: lowerCased(headers),
  }
  const fields = problemsOf(resolved)
  if (Object.keys(fields).length > 0) throw invalid(fields)
  return { ...resolved, serverUrls: resolved.serverUrls.map((url) => new URL(url).href.replace(/\/+$/, '')) }
}

/** What cannot be used: option → what is wrong with it. */
function problemsOf(options: ResolvedOptions): Record<string, string> {
  const { serverUrls, apiKey, environment, transport, retry } = options
  const fields: Record<string, string> = {}
  if (serverUrls.length === 0) fields.serverUrl = 'must name at least one server'
  if (!serverUrls.every(isServerUrl)) {
    fields.serverUrl = 'must be http:// or https:// with a host, without user, password, query and fragment'
  }
  if (apiKey !== undefined && typeof apiKey !== 'function' && !isApiKey(apiKey)) {
    fields.apiKey = `${API_KEY_RULE}, or a function`
  }
  const problem = environment === undefined ? undefined : environmentRule(environment)
  if (problem) fields.environment = problem
  if (typeof transport === 'string' && !TRANSPORTS.includes(transport)) {
    fields.transport = `must be ${TRANSPORTS.join(', ')}, or a transport`
  }
  const numbers = {
    timeoutMs: options.timeoutMs,
    attemptTimeoutMs: options.attemptTimeoutMs,
    'retry.maxAttempts': retry.maxAttempts,
    'retry.baseDelayMs': retry.baseDelayMs,
    'retry.maxDelayMs': retry.maxDelayMs,
  }
  for (const [name, value] of Object.entries(numbers)) {
    if (!isPositive(value)) fields[name] = 'must be a number above 0'
  }
  for (const [name, value] of Object.entries(options.headers)) {
    if (!isHeader(name, value))
      fields[`headers.${name}`] = 'is not a header: its name or its value has other characters'
  }
  return fields
}

function isServerUrl(text: unknown): boolean {
  if (typeof text !== 'string' || !URL.canParse(text)) return false
  const url = new URL(text)
  return /^https?:$/.test(url.protocol) && !/[?#]/.test(text) && url.username === '' && url.password === ''
}

/** As the SDK's own are written: two spellings of one name would be sent as one header with both values. */
function lowerCased(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

/** Whether any runtime can send it (RFC 9110, 5.1 and 5.5): a fetch that throws does so late, and retries do not help. */
function isHeader(name: string, value: unknown): boolean {
  return /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) && typeof value === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(value)
}

/** Returns the hooks that write to a log. */
function hooksOf(logger: Logger): Required<Pick<ClientOptions, 'onError' | 'onStatus'>> {
  return {
    onError: (error, context) => logger.error(`ironflow: ${context.method}: ${error.message}`, context, error),
    onStatus(status) {
      const error = 'error' in status && status.error
      const level = error ? 'warn' : status.state === 'live' ? 'info' : 'debug'
      logger[level](`ironflow: ${status.state}${error ? `: ${error.message}` : ''}`, status)
    },
  }
}

/** The members that have a value: what is `undefined` or `null` is not given. */
function given<T extends object>(options: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => (value ?? undefined) !== undefined)) as T
}
