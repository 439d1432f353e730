import { type Argument, Command, type CommanderError } from 'commander'
import { UsageError } from './usage-error'

/** Returns a command of the tree, with its own error texts and a help that ends in examples. */
export function command(name: string, summary: string, examples: readonly string[] = []): Command {
  const made = new Command(name)
    .description(summary)
    .helpOption('-h, --help', 'print this help')
    .configureHelp({ subcommandTerm: (each) => [each.name(), ...each.registeredArguments.map(humanName)].join(' ') })
    // Errors are thrown, and printed in one place.
    .configureOutput({ writeErr: () => undefined })
    .exitOverride((error) => {
      throw parserError(made, error)
    })
    .hook('preAction', (_, action) => expectOptionValues(action))
  if (examples.length > 0) made.addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}`)
  return made
}

function humanName(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`
  return argument.required ? `<${name}>` : `[${name}]`
}

/** The words that lead to a command: `ironflow config get`. */
export function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name()
}

/** Error texts by the parser's code. `quoted` is what the parser names, `has` the command's subcommands. */
const TEXTS: Readonly<Record<string, (quoted: string, command: Command) => string>> = {
  'commander.missingArgument': (name) => `<${name}> is missing`,
  'commander.missingMandatoryOptionValue': (flags) => `${flags.split(' ')[0]} is missing`,
  'commander.optionMissingArgument': (flags) => `option ${flags} needs a value`,
  'commander.excessArguments': (_, { args, registeredArguments }) =>
    `unexpected argument "${args[registeredArguments.length]}"`,
  'commander.unknownCommand': (name, command) => `unknown command "${name}"; there are ${subcommands(command)}`,
  'commander.help': (_, command) => `${command.name()} needs one of ${subcommands(command)}`,
}

/** Returns the error to throw for one of the parser: itself where it has printed help or the version, which is no failure. */
export function parserError(command: Command, error: CommanderError): Error {
  if (error.exitCode === 0) return error
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? ''
  const text = TEXTS[error.code]?.(quoted, command) ?? error.message.replace(/^error: |\.$/g, '')
  return new UsageError(`${text}; see: ${pathOf(command)} --help`)
}

function subcommands(command: Command): string {
  return command.commands.map((each) => each.name()).join(', ')
}

/** The parser takes the next word as an option's value, whatever it is: `--data --dev` would be a directory `--dev`. */
function expectOptionValues(action: Command): void {
  const names = new Set(action.options.map(({ long }) => long))
  for (const option of action.options) {
    const value: unknown = action.getOptionValue(option.attributeName())
    if (typeof value === 'string' && names.has(value)) {
      throw new UsageError(`option ${option.flags} needs a value; see: ${pathOf(action)} --help`)
    }
  }
}
