import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { ValidationError } from '@ironflow/core'
import { bucketDefaults, CommitMeter, createServer } from '@ironflow/server'
import { prometheusMetrics, serve } from '@ironflow/server/node'
import { openSqliteEngine } from '@ironflow/server/sqlite'
import { type Logger, pino } from 'pino'
import { env, parse } from '../parse'
import { type ServeSettings, serveSettings } from '../serve-settings'
import { UsageError } from '../usage-error'

const FLAGS = {
  port: { type: 'string' },
  host: { type: 'string' },
  data: { type: 'string' },
  dev: { type: 'boolean' },
  config: { type: 'string' },
  'cors-origin': { type: 'string', multiple: true },
  environment: { type: 'string', multiple: true },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'log-level': { type: 'string' },
  // Neither a variable nor a member of the file: it is for one start, not for every one.
  'accept-data-loss': { type: 'boolean' },
} as const

/** Runs a server until it is told to stop: SIGTERM or SIGINT, and once more for at once. */
export async function run(args: string[]): Promise<void> {
  const { values } = parse(args, FLAGS)
  const configFile = values.config ?? env('IRONFLOW_CONFIG')
  const settings = serveSettings({
    flags: values,
    env,
    file: configFile === undefined ? {} : readConfigFile(configFile),
  })
  const tls = settings.tls && readCertificate(settings.tls)
  const logger = pino({ level: settings.logLevel })
  const failure = new AbortController()
  const onFatal = (error: Error) => failure.abort(error)
  const stop = await start(settings, tls, logger, { acceptsDataLoss: values['accept-data-loss'] ?? false, onFatal })
  stopWhenTold(stop, failure.signal, logger)
}

interface EngineSettings {
  acceptsDataLoss: boolean
  /** Called when the store can be written no more. */
  onFatal(error: Error): void
}

async function start(
  settings: ServeSettings,
  tls: { cert: Buffer; key: Buffer } | undefined,
  logger: Logger,
  { acceptsDataLoss, onFatal }: EngineSettings,
): Promise<() => Promise<void>> {
  const commits = new CommitMeter()
  const engine = await openSqliteEngine({
    directory: settings.data,
    bucketDefaults: bucketDefaults(),
    onCommit: (batch) => commits.observe(batch),
    onFatal,
    onWarning: (message) => logger.warn({}, message),
    onDataLoss: acceptsDataLoss
      ? (missingRevisions) => logger.warn({ missingRevisions }, 'went on without lost writes, in a new epoch')
      : undefined,
  })
  try {
    const server = await createServer({
      engine,
      commits,
      metrics: prometheusMetrics,
      logger,
      auth: settings.dev ? 'none' : 'required',
      corsOrigins: settings.corsOrigins,
      environments: settings.environments,
      limits: settings.limits,
      bootstrapKey: settings.bootstrapKey,
      onBootstrapKey: settings.dev ? undefined : (key) => keepBootstrapKey(settings.data, key, logger),
    })
    const listening = await serve(server, { host: settings.host, port: settings.port, tls })
    logger.info({ url: listening.url, data: settings.data, dev: settings.dev }, 'listening')
    return async () => {
      await listening.close()
      await server.close()
      await engine.close()
    }
  } catch (error) {
    await engine.close()
    // The server knows its own options best: what it refuses was given on the command line, in a variable or the file.
    throw error instanceof ValidationError ? new UsageError(error.message) : error
  }
}

/** The first admin key, for the owner of the directory alone. Nobody else ever sees it. */
function keepBootstrapKey(directory: string, key: string, logger: Logger): void {
  const file = join(directory, 'bootstrap-key.json')
  mkdirSync(directory, { recursive: true })
  writeFileSync(file, `${JSON.stringify({ key, role: 'admin' }, null, 2)}\n`, { mode: 0o600 })
  logger.info(
    { file },
    'made the first admin key: read it in this file, then keep it somewhere safe and delete the file',
  )
}

/** Stops on a signal, and when the store has failed: a supervisor can then start a process in which it works. */
function stopWhenTold(stop: () => Promise<void>, failure: AbortSignal, logger: Logger): void {
  let stopping = false
  const stopWith = (exitCode: number) => {
    if (stopping) process.exit(1)
    stopping = true
    stop().then(
      () => {
        logger.info({}, 'stopped')
        process.exitCode = exitCode
      },
      (error: unknown) => {
        logger.error({ err: error }, 'could not stop cleanly')
        process.exit(1)
      },
    )
  }
  const onSignal = (signal: NodeJS.Signals) => {
    logger.info({ signal }, 'stopping')
    stopWith(0)
  }
  const onFailure = () => {
    logger.fatal({ err: failure.reason }, 'the store has failed, stopping')
    stopWith(1)
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  if (failure.aborted) onFailure()
  else failure.addEventListener('abort', onFailure)
}

function readConfigFile(path: string): Record<string, unknown> {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new UsageError(`the configuration file ${path} cannot be read: ${(error as Error).message}`)
  }
  if (typeof content === 'object' && content !== null && !Array.isArray(content))
    return content as Record<string, unknown>
  throw new UsageError(`the configuration file ${path} must hold a JSON object`)
}

/** Read and tried here: a certificate that cannot be used is a mistake of the command line. */
function readCertificate({ cert, key }: { cert: string; key: string }): { cert: Buffer; key: Buffer } {
  const tls = { cert: readPem(cert), key: readPem(key) }
  try {
    createSecureContext(tls)
  } catch (error) {
    throw new UsageError(`the certificate ${cert} and the key ${key} cannot be used: ${(error as Error).message}`)
  }
  return tls
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new UsageError(`the file ${path} cannot be read: ${(error as Error).message}`)
  }
}
