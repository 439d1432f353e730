import { mkdirSync, writeFileSync } from 'node:fs'
import { ValidationError } from '@ironflow/core'
import { bucketDefaults, CommitMeter, createServer } from '@ironflow/server'
import { prometheusMetrics, serve } from '@ironflow/server/node'
import { openSqliteEngine } from '@ironflow/server/sqlite'
import type { Logger } from 'pino'
import { env } from '../environment'
import { UsageError } from '../usage-error'
import { type Announcer, announcerFor, bootstrapKeyFile } from './announcer'
import { readCertificate, readConfigFile } from './files'
import { type ServeSettings, serveSettings } from './settings'

/** The command line of `serve`. */
export interface ServeFlags {
  readonly config?: string | undefined
  readonly acceptDataLoss: boolean
  /** Every option by its name, such as `cors-origin`. */
  readonly options: Readonly<Record<string, unknown>>
}

/** Runs a server until it is told to stop: SIGTERM or SIGINT, and once more for at once. */
export async function run({ config, acceptDataLoss, options }: ServeFlags): Promise<void> {
  const configFile = config ?? env('IRONFLOW_CONFIG')
  const settings = serveSettings({
    flags: options,
    env,
    file: configFile === undefined ? {} : readConfigFile(configFile),
  })
  const tls = settings.tls && readCertificate(settings.tls)
  const announcer = announcerFor(settings.logLevel)
  const failure = new AbortController()
  const onFatal = (error: Error) => failure.abort(error)
  const stop = await start(settings, tls, announcer, { acceptsDataLoss: acceptDataLoss, onFatal })
  stopWhenTold(stop, failure.signal, announcer.logger)
}

interface EngineSettings {
  acceptsDataLoss: boolean
  /** Called when the store can be written no more. */
  onFatal(error: Error): void
}

async function start(
  settings: ServeSettings,
  tls: { cert: Buffer; key: Buffer } | undefined,
  { logger, listening, firstKey }: Announcer,
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
      onBootstrapKey: settings.dev ? undefined : (key) => firstKey(keepBootstrapKey(settings.data, key)),
    })
    const socket = await serve(server, { host: settings.host, port: settings.port, tls })
    listening({ url: socket.url, data: settings.data, dev: settings.dev })
    return async () => {
      await socket.close()
      await server.close()
      await engine.close()
    }
  } catch (error) {
    await engine.close()
    // The server knows its own options best: what it refuses was given on the command line, in a variable or the file.
    throw error instanceof ValidationError ? new UsageError(error.message) : error
  }
}

/** Keeps the first admin key, for the owner of the directory alone. Nothing else ever has it. Returns the file. */
function keepBootstrapKey(directory: string, key: string): string {
  const file = bootstrapKeyFile(directory)
  mkdirSync(directory, { recursive: true })
  writeFileSync(file, `${JSON.stringify({ key, role: 'admin' }, null, 2)}\n`, { mode: 0o600 })
  return file
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
