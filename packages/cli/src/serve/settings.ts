import { UsageError } from '../usage-error'

/** Settings of `ironflow serve`, decided. */
export interface ServeSettings {
  port: number
  host: string
  data: string
  dev: boolean
  corsOrigins: string[]
  /** Absent: any environment. */
  environments?: string[] | undefined
  /** Files, PEM. */
  tls?: { cert: string; key: string } | undefined
  logLevel: string
  /** The server's limits, by name, as the file gives them. */
  limits: Record<string, number>
  bootstrapKey?: string | undefined
}

/** One setting before it is decided: what each source calls it. */
interface Source {
  flag?: string
  variable?: string
  member: string
}

/** Sources of each setting. */
const SOURCES = {
  port: { flag: 'port', variable: 'IRONFLOW_PORT', member: 'port' },
  host: { flag: 'host', variable: 'IRONFLOW_HOST', member: 'host' },
  data: { flag: 'data', variable: 'IRONFLOW_DATA', member: 'data' },
  dev: { flag: 'dev', variable: 'IRONFLOW_DEV', member: 'dev' },
  corsOrigins: { flag: 'cors-origin', variable: 'IRONFLOW_CORS_ORIGIN', member: 'corsOrigins' },
  environments: { flag: 'environment', variable: 'IRONFLOW_ENVIRONMENTS', member: 'environments' },
  tlsCert: { flag: 'tls-cert', variable: 'IRONFLOW_TLS_CERT', member: 'tlsCert' },
  tlsKey: { flag: 'tls-key', variable: 'IRONFLOW_TLS_KEY', member: 'tlsKey' },
  logLevel: { flag: 'log-level', variable: 'IRONFLOW_LOG_LEVEL', member: 'logLevel' },
  limits: { member: 'limits' },
  // No flag: a command line is readable by everybody on the machine.
  bootstrapKey: { variable: 'IRONFLOW_BOOTSTRAP_KEY', member: 'bootstrapKey' },
} as const satisfies Record<string, Source>

type Name = keyof typeof SOURCES

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

export interface Given {
  /** Options by name, without dashes in front. */
  flags: Readonly<Record<string, unknown>>
  env(name: string): string | undefined
  /** The members of the configuration file; `{}` where there is none. */
  file: Readonly<Record<string, unknown>>
}

/** Decides every setting: flag before variable before file before default. @throws UsageError naming where the mistake is */
export function serveSettings(given: Given): ServeSettings {
  const known = new Set<string>(Object.values(SOURCES).map(({ member }) => member))
  for (const member of Object.keys(given.file)) {
    if (!known.has(member)) throw new UsageError(`the configuration file has an unknown member "${member}"`)
  }
  const cert = text(given, 'tlsCert')
  const key = text(given, 'tlsKey')
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('--tls-cert and --tls-key go together')
  const dev = flag(given, 'dev') ?? false
  const host = text(given, 'host') ?? '127.0.0.1'
  if (dev && !isLoopback(host))
    throw new UsageError(`--dev has no authentication and so listens on loopback only, not on ${host}`)
  return {
    port: port(given),
    host,
    data: text(given, 'data') ?? '.ironflow',
    dev,
    corsOrigins: list(given, 'corsOrigins') ?? [],
    environments: list(given, 'environments'),
    tls: cert !== undefined && key !== undefined ? { cert, key } : undefined,
    logLevel: logLevel(given),
    limits: limits(given),
    bootstrapKey: text(given, 'bootstrapKey'),
  }
}

/** The value of the first source that has one, and what that source calls it. */
function lookUp(given: Given, name: Name): { value: unknown; place: string } | undefined {
  const { flag: option, variable, member }: Source = SOURCES[name]
  if (option !== undefined && given.flags[option] !== undefined)
    return { value: given.flags[option], place: `--${option}` }
  const fromEnv = variable === undefined ? undefined : given.env(variable)
  if (variable !== undefined && fromEnv !== undefined) return { value: fromEnv, place: variable }
  const value = given.file[member]
  return value === undefined ? undefined : { value, place: `"${member}" of the configuration file` }
}

function text(given: Given, name: Name): string | undefined {
  const found = lookUp(given, name)
  if (found === undefined) return undefined
  if (typeof found.value !== 'string' || found.value === '') throw new UsageError(`${found.place} must be text`)
  return found.value
}

function flag(given: Given, name: Name): boolean | undefined {
  const found = lookUp(given, name)
  if (found === undefined) return undefined
  const values: Record<string, boolean> = { true: true, false: false, '1': true, '0': false }
  const value = values[String(found.value)]
  if (value === undefined) throw new UsageError(`${found.place} must be true or false`)
  return value
}

function list(given: Given, name: Name): string[] | undefined {
  const found = lookUp(given, name)
  if (found === undefined) return undefined
  const value = typeof found.value === 'string' ? found.value.split(',').map((part) => part.trim()) : found.value
  if (Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== '')) return value
  throw new UsageError(`${found.place} must be a list of texts`)
}

function port(given: Given): number {
  const found = lookUp(given, 'port')
  if (found === undefined) return 9123
  const value = String(found.value)
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65535)
    throw new UsageError(`${found.place} must be 0 to 65535, not "${value}"`)
  return Number(value)
}

function logLevel(given: Given): string {
  const value = text(given, 'logLevel') ?? 'info'
  if (!LOG_LEVELS.includes(value))
    throw new UsageError(`the log level must be one of ${LOG_LEVELS.join(', ')}, not "${value}"`)
  return value
}

function limits(given: Given): Record<string, number> {
  const value = lookUp(given, 'limits')?.value ?? {}
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError('"limits" of the configuration file must be an object')
  }
  // Names and numbers are the server's to check: it knows its limits.
  return value as Record<string, number>
}

/** Returns true for an address that only this machine can reach. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}
