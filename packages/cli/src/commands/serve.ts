import type { Command } from 'commander'
import { command } from '../command'
import { collect } from '../option-values'
import { withStore } from '../with-store'

interface Options {
  readonly config?: string
  /** Without a variable, and no member of the file: it is for one start, not for every one. */
  readonly acceptDataLoss?: true
}

/** `ironflow serve`: a server. */
export function serveCommand(): Command {
  return command('serve', 'start a server', [
    'ironflow serve --dev',
    'ironflow serve --host 0.0.0.0 --data /var/lib/ironflow --tls-cert chain.pem --tls-key key.pem',
  ])
    .option('--port <number>', 'port to listen on; 0: any that is free (IRONFLOW_PORT, else 9123)')
    .option('--host <address>', 'address to listen on (IRONFLOW_HOST, else 127.0.0.1)')
    .option('--data <directory>', 'where the data is kept (IRONFLOW_DATA, else .ironflow)')
    .option('--dev', 'no keys needed; loopback only (IRONFLOW_DEV)')
    .option('--config <file>', 'a JSON file with these options (IRONFLOW_CONFIG)')
    .option(
      '--cors-origin <origin>',
      'web origin that may call; repeatable (IRONFLOW_CORS_ORIGIN, comma-separated)',
      collect,
    )
    .option('--environment <name>', 'allow only this one; repeatable (IRONFLOW_ENVIRONMENTS, comma-separated)', collect)
    .option('--tls-cert <file>', 'certificate chain, PEM (IRONFLOW_TLS_CERT)')
    .option('--tls-key <file>', 'its private key, PEM (IRONFLOW_TLS_KEY)')
    .option('--log-level <level>', 'trace, debug, info, warn, error, fatal or silent (IRONFLOW_LOG_LEVEL, else info)')
    .option('--accept-data-loss', 'start also where acknowledged writes were lost, in a new epoch')
    .addHelpText(
      'after',
      `
An option counts before its environment variable, and that before the file.
IRONFLOW_BOOTSTRAP_KEY gives the first admin key of a new data directory instead of a random one.`,
    )
    .action(
      withStore(async ({ config, acceptDataLoss }: Options, made: Command) => {
        const options = made.options.map(
          (option) => [option.name(), made.getOptionValue(option.attributeName())] as const,
        )
        const { run } = await import('../serve/run')
        await run({ config, acceptDataLoss: acceptDataLoss === true, options: Object.fromEntries(options) })
      }),
    )
}
