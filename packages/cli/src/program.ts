import { Command } from 'commander'
import { version } from '../package.json'
import { command } from './command'
import { apikeyCommand } from './commands/apikey'
import { backupCommand } from './commands/backup'
import { bucketCommand } from './commands/bucket'
import { completionCommand } from './commands/completion'
import { configCommand } from './commands/config'
import { doctorCommand } from './commands/doctor'
import { kvCommand } from './commands/kv'
import { restoreCommand } from './commands/restore'
import { serveCommand } from './commands/serve'
import { statusCommand } from './commands/status'

/**
 * Returns the tree of commands. What a command needs besides is loaded when it runs: `config get` does not wait for a
 * database, nor `--help` for the SDK.
 */
export function createProgram(): Command {
  const program = command('ironflow', 'Ironflow: live config documents and key-value buckets')
    .version(version, '-v, --version', 'print the version')
    .addHelpText('after', '\nironflow <command> --help has the options and examples of a command.')
  program.commandsGroup('Data:')
  for (const each of [configCommand(), kvCommand(), bucketCommand()]) program.addCommand(each)
  program.commandsGroup('Server:')
  for (const each of [serveCommand(), apikeyCommand(), backupCommand(), restoreCommand()]) program.addCommand(each)
  program.commandsGroup('Tools:')
  for (const each of [statusCommand(), doctorCommand(), completionCommand()]) program.addCommand(each)
  program.addHelpCommand(
    new Command('help').argument('[command]').description('print the help of a command').helpOption(false),
  )
  return program
}
