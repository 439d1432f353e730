import type { Command, Option } from 'commander'
import { pathOf } from '../command'

/** A word that can come next, with its meaning. */
export interface Word {
  readonly name: string
  readonly summary: string
}

/** Completions after one command. */
export interface Node {
  /** `ironflow config get`. */
  readonly path: string
  readonly commands: readonly Word[]
  readonly options: readonly Word[]
  /** Words of its first argument. */
  readonly words: readonly string[]
  /** Its first argument is a file. */
  readonly takesFile: boolean
}

/** The words that an option takes. */
export interface Choices {
  readonly option: string
  readonly words: readonly string[]
}

/** Completions of a tree of commands, for any shell. */
export interface CompletionTree {
  readonly nodes: readonly Node[]
  readonly values: {
    /** Options whose value is a file or a directory. */
    readonly files: readonly string[]
    /** Options whose value is one of a few words. */
    readonly choices: readonly Choices[]
    /** Options with any other value: nothing is offered. */
    readonly free: readonly string[]
  }
}

/** Returns the completions of a tree of commands. */
export function completionTree(program: Command): CompletionTree {
  const commands = allOf(program)
  const options = uniqueBy(commands.flatMap((each) => valued(each)))
  const isFile = ({ flags }: Option) => /<(file|directory)>/.test(flags)
  return {
    nodes: commands.map(nodeOf),
    values: {
      files: options.filter(isFile).map(nameOf),
      choices: options.flatMap((option) =>
        option.argChoices === undefined ? [] : [{ option: nameOf(option), words: option.argChoices }],
      ),
      free: options.filter((option) => !isFile(option) && option.argChoices === undefined).map(nameOf),
    },
  }
}

function nodeOf(command: Command): Node {
  const [argument] = command.registeredArguments
  return {
    path: pathOf(command),
    commands: command.commands.map((each) => ({ name: each.name(), summary: each.description() })),
    options: [
      ...command.options
        .filter(({ hidden }) => !hidden)
        .map((each) => ({ name: nameOf(each), summary: each.description })),
      { name: '--help', summary: 'print this help' },
    ],
    words: argument?.argChoices ?? [],
    takesFile: argument?.name() === 'file',
  }
}

function allOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allOf)]
}

function valued(command: Command): Option[] {
  return command.options.filter(({ required, hidden }) => required && !hidden)
}

function nameOf({ long, flags }: Option): string {
  return long ?? flags
}

function uniqueBy(options: readonly Option[]): Option[] {
  return [...new Map(options.map((option) => [nameOf(option), option])).values()]
}
