/** The part of a command of the tree that its help needs. */
interface HelpfulCommand {
  name(): string
  readonly commands: readonly HelpfulCommand[]
  configureOutput(output: { writeOut(text: string): void }): HelpfulCommand
  outputHelp(): void
}

/** Returns what `--help` prints for every command of a tree, by the words that lead to it: `ironflow config get`. */
export function helpTexts(command: HelpfulCommand, parent = ''): Map<string, string> {
  const path = `${parent}${command.name()}`
  const printed: string[] = []
  command.configureOutput({ writeOut: (text) => void printed.push(text) }).outputHelp()
  const own = [path, printed.join('')] as const
  // `help` is the parser's own command.
  const others = command.commands.filter((each) => each.name() !== 'help')
  return new Map([own, ...others.flatMap((each) => [...helpTexts(each, `${path} `)])])
}
