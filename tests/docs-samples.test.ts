import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import {
  anchorsOf,
  type Block,
  blocksOf,
  brokenLinks,
  commandsOf,
  curlRequest,
  membersOf,
  moduleOf,
  pathsOf,
  typeErrors,
} from './docs-samples'

const HERE = fileURLToPath(new URL('.', import.meta.url)).replace(/\/$/, '')
const sample = (text: string): Block => ({ place: 'x.md:1', info: 'ts', text })

describe('the check of samples', () => {
  it('finds every block, with its line', () => {
    expect(blocksOf('x.md', 'a\n```ts\nlet a\n```\n\n```sh\nls\n```\n')).toEqual([
      { place: 'x.md:2', info: 'ts', text: 'let a' },
      { place: 'x.md:6', info: 'sh', text: 'ls' },
    ])
    expect(() => blocksOf('x.md', '```ts\n')).toThrow('x.md:1')
  })

  it('finds a method that is not there, a wrong type, and a name that nobody declared', () => {
    const texts = [
      "await client.config().get('limits')",
      "await client.config().fetch('limits')",
      "await client.kv().bucket<number>('n').put('k', 'text')",
      'console.log(nobody)',
      "import { createClient } from '@ironflow/node'\ncreateClient({ serverURL: 'x' })",
    ]
    const modules = new Map(texts.map((text, index) => [`s${index}`, moduleOf(sample(text))]))
    const found = typeErrors(HERE, modules).map((error) => error.slice(0, 2))
    expect(new Set(found)).toEqual(new Set(['s1', 's2', 's3', 's4']))
  })
})

describe('the check of commands', () => {
  it('joins lines and leaves comments out', () => {
    const block = { ...sample('# first\ncurl a \\\n  -X PUT # 200\n\nls'), info: 'sh' }
    expect(commandsOf(block)).toEqual(['curl a -X PUT # 200', 'ls'])
  })

  it('reads a request as curl would send it', () => {
    const request = curlRequest(
      `curl -i -X PUT "$SERVER/a b" -H 'Content-Type: text/plain' -H "X: $KEY" -d '{"$a": 1}'  # 201`,
      { SERVER: 'http://x', KEY: 'k' },
    )
    expect(request).toMatchObject({ url: 'http://x/a b', method: 'PUT', body: '{"$a": 1}', status: 201 })
    expect(Object.fromEntries(request.headers)).toEqual({ 'content-type': 'text/plain', x: 'k' })
    expect(curlRequest('curl http://x -d 1 # 200', {}).headers.get('content-type')).toContain('urlencoded')
  })

  it('refuses what it would not test', () => {
    expect(() => curlRequest('curl http://x', {})).toThrow('no status')
    expect(() => curlRequest('curl --compressed http://x # 200', {})).toThrow('--compressed')
    expect(() => curlRequest('curl $NOBODY # 200', {})).toThrow('$NOBODY')
  })
})

describe('the check of links', () => {
  it('finds a page and a heading that are not there', () => {
    const pages = new Map([
      [
        'a.md',
        '# A\n[1](docs/b.md) [2](docs/b.md#what-it-is) [3](docs/c.md) [4](docs/b.md#nope) [5](#a) [6](https://x)',
      ],
      ['docs/b.md', '## What it `is`?\n[1](../a.md)\n```md\n[2](nowhere.md)\n```'],
    ])
    expect(brokenLinks(pages, (path) => pages.has(path))).toEqual(['a.md → docs/c.md', 'a.md → docs/b.md#nope'])
  })

  it('names headings as repository hosts do', () => {
    expect([...anchorsOf('# A, `b` & C_d\n## Again\n## Again\n')]).toEqual(['a-b--c_d', 'again', 'again-1'])
  })

  it('finds the files that a page names', () => {
    expect(pathsOf('see `packages/core/src/client.ts` and `npm test`')).toEqual(['packages/core/src/client.ts'])
  })
})

it('public members are those of the source', () => {
  expect(membersOf('class A { readonly a = 1; private b = 2; c() {} private d() {} constructor() {} }', 'A')).toEqual([
    'a',
    'c',
  ])
  expect(membersOf('interface B { a: 1; b?: 2 }', 'B')).toEqual(['a', 'b'])
})
