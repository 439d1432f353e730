import { isIronflowError } from '@ironflow/core'
import { version } from '../package.json'
import { HELP } from './help'
import { UsageError } from './usage-error'

/** Each command in a file of its own, loaded only when it is asked for: `apikey` need not wait for a database. */
const COMMANDS: Record<string, () => Promise<{ run(args: string[]): Promise<void> }>> = {
  serve: () => import('./commands/serve'),
  apikey: () => import('./commands/apikey'),
  backup: () => import('./commands/backup'),
  restore: () => import('./commands/restore'),
}

async function main(args: string[]): Promise<void> {
  const [name, ...rest] = args
  if (name === '--version' || name === '-v') return print(version)
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') return print(HELP.ironflow)
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!load) throw new UsageError(`unknown command "${name}"; there are ${Object.keys(COMMANDS).join(', ')}`)
  if (rest.includes('--help') || rest.includes('-h')) return print(HELP[name as keyof typeof HELP])
  await (await load()).run(rest)
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** What the operating system refused: `listen EADDRINUSE: address already in use 127.0.0.1:9123`. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  // What the user can mend is one line; what only we can is a stack.
  const expected = error instanceof UsageError || isIronflowError(error) || isSystemError(error)
  const text = expected ? error.message : error instanceof Error ? error.stack : String(error)
  process.stderr.write(`ironflow: ${text}\n`)
  if (error instanceof UsageError) process.stderr.write('Try: ironflow --help\n')
  process.exitCode = error instanceof UsageError ? 2 : 1
}
