import { CommanderError } from 'commander'
import { describe, expect, it, vi } from 'vitest'
import { createProgram } from '../src/program'
import { UsageError } from '../src/usage-error'

/** The error that a command line ends with before a command runs. */
async function errorOf(args: readonly string[]): Promise<unknown> {
  try {
    await createProgram().parseAsync([...args], { from: 'user' })
  } catch (thrown) {
    return thrown
  }
  throw new Error('the command line was accepted')
}

describe('errors of a command line', () => {
  it.each<[string, string]>([
    ['fly', 'unknown command "fly"; there are config, kv, bucket, serve'],
    ['apikey steal', 'unknown command "steal"; there are create, list, revoke; see: ironflow apikey --help'],
    [
      'config',
      'config needs one of get, set, patch, list, delete, history, rollback, watch; see: ironflow config --help',
    ],
    ['serve extra', 'unexpected argument "extra"; see: ironflow serve --help'],
    ['config get a b', 'unexpected argument "b"; see: ironflow config get --help'],
    ['serve --prot 1', "unknown option '--prot' (Did you mean --port?); see: ironflow serve --help"],
    ['config get', '<name> is missing; see: ironflow config get --help'],
    ['backup', '<file> is missing; see: ironflow backup --help'],
    ['apikey create', '--name is missing; see: ironflow apikey create --help'],
    ['kv update b k 1', '--if-revision is missing; see: ironflow kv update --help'],
    ['config get x --server', 'option --server <url> needs a value; see: ironflow config get --help'],
    ['serve --data --dev', 'option --data <directory> needs a value; see: ironflow serve --help'],
    ['kv put b k v --as xml', 'Allowed choices are json, text, bytes; see: ironflow kv put --help'],
    ['completion tcsh', 'Allowed choices are bash, zsh, fish; see: ironflow completion --help'],
    ['config get x --revision latest', '--revision must be a whole number, not "latest"'],
    ['config rollback x 1.5', '<revision> must be a whole number, not "1.5"'],
    ['kv put b k v --ttl -1', '--ttl must be a whole number, not "-1"'],
  ])('%s', async (line, text) => {
    const thrown = await errorOf(line.split(' '))
    expect(thrown).toBeInstanceOf(UsageError)
    expect(String((thrown as Error).message).replaceAll('\n', ' ')).toContain(text)
  })

  it('none where help or the version was printed', async () => {
    const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    for (const line of ['--help', '--version', 'config --help', 'kv put --help', 'help serve']) {
      const thrown = await errorOf(line.split(' '))
      expect(thrown).toBeInstanceOf(CommanderError)
      expect((thrown as CommanderError).exitCode).toBe(0)
    }
    printed.mockRestore()
  })
})

describe('help', () => {
  it('of every command says what it does and shows an example', () => {
    const leaves = createProgram().commands.flatMap((each) => (each.commands.length > 0 ? each.commands : [each]))
    const without = leaves.filter((each) => {
      const printed: string[] = []
      each.configureOutput({ writeOut: (text) => printed.push(text) }).outputHelp()
      return each.name() !== 'help' && !(printed.join('').includes('\nExamples:\n  ') && each.description() !== '')
    })
    expect(leaves.length).toBeGreaterThan(25)
    expect(without.map((each) => each.name())).toEqual([])
  })
})
