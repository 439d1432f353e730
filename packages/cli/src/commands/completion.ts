import { Argument, type Command } from 'commander'
import { command } from '../command'

const SHELLS = ['bash', 'zsh', 'fish'] as const

type Shell = (typeof SHELLS)[number]

/** `ironflow completion`: scripts that make a shell complete commands and options. */
export function completionCommand(): Command {
  return command('completion', 'print a script with which a shell completes commands and options', [
    'source <(ironflow completion bash)        # in ~/.bashrc',
    'source <(ironflow completion zsh)         # in ~/.zshrc, after compinit',
    'ironflow completion fish | source         # in ~/.config/fish/config.fish',
  ])
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(SHELLS))
    .action(async (shell: Shell, _: object, made: Command) => {
      const { completionTree } = await import('../completion/tree')
      const tree = completionTree(rootOf(made))
      process.stdout.write((await SCRIPTS[shell]())(tree))
    })
}

const SCRIPTS = {
  bash: async () => (await import('../completion/bash')).bashCompletion,
  zsh: async () => (await import('../completion/zsh')).zshCompletion,
  fish: async () => (await import('../completion/fish')).fishCompletion,
}

function rootOf(command: Command): Command {
  return command.parent ? rootOf(command.parent) : command
}
