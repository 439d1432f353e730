import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from './support/cli'

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ironflow-test-'))
  for (const shell of SHELLS) {
    const { stdout, code } = await runCli(['completion', shell])
    expect(code).toBe(0)
    await writeFile(join(directory, shell), stdout)
  }
  await writeFile(join(directory, 'limits.json'), '{}')
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const SHELLS = ['bash', 'zsh', 'fish'] as const

const isInstalled = (shell: string) => {
  try {
    execFileSync(shell, ['-c', 'true'])
    return true
  } catch {
    return false
  }
}

/** Runs a script in a shell and returns the lines it prints. */
function linesOf(shell: string, args: string[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    execFile(shell, args, { cwd: directory, timeout: 10_000 }, (error, stdout, stderr) => {
      if (error || stderr !== '') reject(new Error(`${error?.message}\n${stderr}`))
      else resolve(stdout.split('\n').filter((line) => line !== ''))
    })
  })
}

/** Asks each shell what can come next: the last word is the one being typed. */
const COMPLETE: Record<(typeof SHELLS)[number], (words: string[]) => Promise<string[]>> = {
  bash: (words) =>
    linesOf('bash', [
      '--norc',
      '-c',
      `source ./bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ironflow; printf "%s\\n" "\${COMPREPLY[@]}"`,
      'bash',
      ...words,
    ]),
  // Without a line editor, zsh offers through stand-ins for what it offers with.
  zsh: (words) =>
    linesOf('zsh', [
      '-f',
      '-c',
      `compdef() { : }; _files() { print -l -- *(N) }; compadd() { print -l -- "\${@[2,-1]}" }
       _describe() { print -l -- "\${(@P)2%%:*}" }
       source ./zsh; words=("$@"); CURRENT=$#; _ironflow`,
      'zsh',
      ...words,
    ]),
  fish: async (words) => {
    const line = words
      .map((word) => `'${word}'`)
      .join(' ')
      .replace(/''$/, '')
    const offered = await linesOf('fish', ['--no-config', '-c', `source ./fish; complete --do-complete "${line}"`])
    return offered.map((each) => each.split('\t')[0] as string)
  },
}

describe.each(SHELLS)('completion for %s', (shell) => {
  const test = it.skipIf(!isInstalled(shell))
  const complete = COMPLETE[shell]

  test('offers the commands', async () => {
    expect(await complete(['ironflow', ''])).toEqual(
      expect.arrayContaining(['config', 'kv', 'bucket', 'serve', 'doctor']),
    )
    expect(await complete(['ironflow', 'kv', ''])).toEqual(
      expect.arrayContaining(['get', 'put', 'create', 'update', 'delete', 'list', 'history', 'watch']),
    )
  })

  test('offers the options of a command, wherever they stand', async () => {
    const options = await complete(['ironflow', 'kv', 'put', 'flags', 'a', '--'])
    expect(options).toEqual(expect.arrayContaining(['--file', '--as', '--ttl', '--json']))
    expect(options).not.toContain('--values')
    expect(await complete(['ironflow', 'kv', 'list', '--env', 'prod', '--'])).toContain('--values')
  })

  test('offers the words that an option takes', async () => {
    const words = await complete(['ironflow', 'kv', 'put', 'flags', 'a', '--as', ''])
    expect(words).toEqual(expect.arrayContaining(['json', 'text', 'bytes']))
    expect(words).not.toContain('--file')
  })

  test('offers files where one is wanted, and nothing for a free text', async () => {
    expect(await complete(['ironflow', 'config', 'set', 'limits', '--file', ''])).toContain('limits.json')
    expect(await complete(['ironflow', 'backup', ''])).toContain('limits.json')
    expect(await complete(['ironflow', 'config', 'get', '--env', ''])).toEqual([])
  })
})
