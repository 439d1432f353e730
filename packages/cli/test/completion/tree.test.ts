import { describe, expect, it } from 'vitest'
import { bashCompletion } from '../../src/completion/bash'
import { fishCompletion } from '../../src/completion/fish'
import { completionTree } from '../../src/completion/tree'
import { zshCompletion } from '../../src/completion/zsh'
import { createProgram } from '../../src/program'

const tree = completionTree(createProgram())
const node = (path: string) => tree.nodes.find((each) => each.path === path)

describe('completionTree', () => {
  it('has every command, with its subcommands and options', () => {
    expect(node('ironflow')?.commands.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['config', 'kv', 'bucket', 'serve', 'doctor']),
    )
    const put = node('ironflow kv put')
    expect(put?.options.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['--file', '--as', '--ttl', '--json', '--env', '--server', '--key', '--help']),
    )
    expect(node('ironflow completion')?.words).toEqual(['bash', 'zsh', 'fish'])
    expect(node('ironflow backup')?.takesFile).toBe(true)
  })

  it('offers no option under its older name', () => {
    expect(JSON.stringify(tree)).not.toContain('--server-url')
  })

  it('knows which options take files, words, or anything', () => {
    expect(tree.values.files).toEqual(expect.arrayContaining(['--file', '--data', '--config', '--tls-cert']))
    expect(tree.values.choices).toContainEqual({ option: '--as', words: ['json', 'text', 'bytes'] })
    expect(tree.values.free).toEqual(expect.arrayContaining(['--server', '--env', '--revision']))
    expect(tree.values.free).not.toContain('--json')
  })
})

it.each([
  ['bash', bashCompletion],
  ['zsh', zshCompletion],
  ['fish', fishCompletion],
])('the script for %s names every command', (_, script) => {
  const text = script(tree)
  for (const { path } of tree.nodes.slice(1)) expect(text).toContain(`'${path}'`)
})
