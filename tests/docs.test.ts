import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CODES, type ErrorCode, errorFor } from '@ironflow/core/errors'
import { METHODS, type MethodRow } from '@ironflow/core/protocol'
import { DEFAULTS, openapiDocument } from '@ironflow/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EXIT } from '../packages/cli/src/exit-code'
import { createProgram } from '../packages/cli/src/program'
import { helpTexts } from './command-help'
import {
  asJavaScript,
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
import { useWorld } from './support/world'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const HERE = fileURLToPath(new URL('.', import.meta.url)).replace(/\/$/, '')
const read = (path: string) => readFileSync(ROOT + path, 'utf8')

const PATHS = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(`${ROOT}docs`, { encoding: 'utf8', recursive: true }).map((file) => `docs/${file}`),
  ...readdirSync(`${ROOT}packages`).map((name) => `packages/${name}/README.md`),
]
const pages = new Map(PATHS.filter((path) => path.endsWith('.md')).map((path) => [path, read(path)]))
const page = (path: string): string => {
  const text = pages.get(path)
  if (text === undefined) throw new Error(`there is no ${path}`)
  return text
}
const blocks = [...pages].flatMap(([path, text]) => blocksOf(path, text))
const samples = blocks.filter(({ info }) => /^ts\b/.test(info))
const commands = blocks
  .filter(({ info }) => info === 'sh')
  .flatMap((block) => commandsOf(block).map((command) => ({ block, command })))

/** Help texts by command: `ironflow config get`. */
const HELP = helpTexts(createProgram())

/** The lines of `expected` that are missing in a page: the page says what the code says, to the letter. */
const missingIn = (path: string, expected: readonly string[]) => {
  const lines = page(path).split('\n')
  return expected.filter((start) => !lines.some((line) => line.startsWith(start)))
}

describe('links', () => {
  it('lead to a file, and to a heading of it', () => {
    expect(brokenLinks(pages, (path) => existsSync(ROOT + path))).toEqual([])
  })

  it('and files that are named are there', () => {
    const named = [...pages].flatMap(([path, text]) => pathsOf(text).map((file) => ({ path, file })))
    expect(named.length).toBeGreaterThan(20)
    // Made by a build or a run, and so not in a fresh clone.
    const made = ['bench/results.json']
    expect(named.filter(({ file }) => !made.includes(file) && !existsSync(ROOT + file))).toEqual([])
  })
})

describe('TypeScript samples', () => {
  const modules = new Map(samples.map((block) => [block.place, moduleOf(block)]))

  it('are there', () => {
    expect(samples.length).toBeGreaterThan(15)
  })

  it('are correct in strict mode', () => {
    expect(typeErrors(HERE, modules)).toEqual([])
  })
})

describe('samples against a real server', () => {
  const world = useWorld()
  const environmentOf = (place: string) => place.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  const folder = `${HERE}/node_modules/.docs`

  /** Starts a sample; it has ended with 0, or with an error's text. */
  const start = async (place: string, block: Block) => {
    const file = `${folder}/${environmentOf(place)}.mjs`
    await mkdir(folder, { recursive: true })
    await writeFile(file, asJavaScript(moduleOf(block)))
    const environment = {
      IRONFLOW_SERVER_URL: world.server.url,
      IRONFLOW_API_KEY: world.server.apiKey,
      IRONFLOW_ENV: environmentOf(place),
    }
    const options = { env: { ...process.env, ...environment }, timeout: 15_000 }
    let end: (code: unknown) => void
    const ended = new Promise((resolve) => {
      end = resolve
    }).finally(() => rm(file))
    const child = execFile(process.execPath, [file], options, (error, _, stderr) =>
      end(error ? stderr || error.message : 0),
    )
    return { child, ended }
  }

  const runnable = samples.filter(({ info }) => info === 'ts')
  it.each(runnable.map((block) => [block.place, block] as const))('%s runs', async (place, block: Block) => {
    const { ended } = await start(place, block)
    expect(await ended).toBe(0)
  })

  const endless = samples.filter(({ info }) => info === 'ts until-stopped')
  it.each(endless.map((block) => [block.place, block] as const))(
    '%s runs until Ctrl-C',
    async (place, block: Block) => {
      const { child, ended } = await start(place, block)
      const output = await new Promise((resolve) => child.stdout?.once('data', resolve))
      child.kill('SIGINT')
      expect([String(output), await ended]).toEqual([expect.stringMatching(/\S/), 0])
    },
  )

  // In the order of the pages: a command may need what an earlier one made.
  const curls = commands.filter(({ command }) => command.startsWith('curl '))
  it.each(curls.map(({ block, command }) => [command, block.place] as const))('%s', async (command, place) => {
    const variables = { IRONFLOW_SERVER_URL: world.server.url, IRONFLOW_API_KEY: world.server.apiKey ?? '' }
    const { url, method, headers, body, status } = curlRequest(command, variables)
    // Samples for a server in dev mode name its default address and no key.
    const isDev = url.startsWith('http://localhost:9123')
    if (isDev) headers.set('authorization', `Bearer ${world.server.apiKey}`)
    if (!headers.has('x-ironflow-environment'))
      headers.set('x-ironflow-environment', environmentOf(place.split(':')[0] as string))
    const answer = await fetch(url.replace('http://localhost:9123', world.server.url), { method, headers, body })
    expect(`${answer.status} ${answer.ok ? '' : await answer.text()}`).toMatch(new RegExp(`^${status}`))
    // An answer that follows something has no end of its own.
    if (!answer.bodyUsed) await answer.body?.cancel()
  })

  const shellCommands = commands.filter(({ command }) => /# exit \d$/.test(command))
  it('of the command line are there', () => {
    expect(shellCommands.length).toBeGreaterThan(10)
  })

  describe('of the command line', () => {
    let directory: string
    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'ironflow-test-'))
    })
    afterAll(() => rm(directory, { recursive: true, force: true }))

    it.each(shellCommands.map(({ block, command }) => [command, block] as const))('%s', async (command, block) => {
      const [, line, code] = /^(.*?)\s+# exit (\d)$/.exec(command) ?? []
      const environment = {
        IRONFLOW_SERVER_URL: world.server.url,
        IRONFLOW_API_KEY: world.server.apiKey,
        IRONFLOW_ENV: environmentOf(block.place.split(':')[0] as string),
        PATH: `${ROOT}node_modules/.bin:${process.env.PATH}`,
      }
      // With what makes its files, in the same sample.
      const files = commandsOf(block).filter((each) => / > \S+\.json$/.test(each))
      const options = { cwd: directory, env: { ...process.env, ...environment }, timeout: 15_000 }
      const ended = await new Promise((resolve) => {
        const script = [...files, line].join('\n')
        execFile('bash', ['-c', script], options, (error, _, stderr) => resolve({ code: error?.code ?? 0, stderr }))
      })
      expect(ended).toMatchObject({ code: Number(code) })
    })
  })

  it('every metric of the product is described', async () => {
    await world.client().config().set('a', {})
    const text = await (await world.request('/metrics')).text()
    const names = new Set(
      Array.from(text.matchAll(/^# TYPE (ironflow_\w+) (\w+)/gm), ([, name, type]) => `| \`${name}\` | ${type} |`),
    )
    expect(names.size).toBeGreaterThan(4)
    expect(missingIn('docs/operating.md', [...names])).toEqual([])
  })
})

describe('commands', () => {
  it('of the product have options that it knows', () => {
    const unknown = commands.flatMap(({ block, command }) => {
      const [, words, rest] = /\bironflow((?: [a-z]+)+)(.*)$/.exec(command) ?? []
      if (words === undefined) return []
      const help = helpOf(words.trim().split(' '))
      if (help === undefined) return [`${block.place}: ironflow${words}`]
      const options = Array.from((rest as string).matchAll(/\s(--[a-z][a-z-]+)/g), (found) => found[1] as string)
      return options.filter((option) => !help.includes(option)).map((option) => `${block.place}: ${option}`)
    })
    expect(unknown).toEqual([])
  })

  it('of the repository are scripts of its package.json', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const names = [...pages.values()].flatMap((text) =>
      Array.from(
        text.matchAll(/\bnpm (?:run ([a-z]+)|(test|start)\b)/g),
        ([, script, short]) => (script ?? short) as string,
      ),
    )
    expect(names).toEqual(expect.arrayContaining(['demo', 'test', 'start', 'bench']))
    expect(names.filter((name) => scripts[name] === undefined)).toEqual([])
  })
})

describe('what the code has', () => {
  it('as an option or variable of the command line is in cli.md or operating.md', () => {
    const found = [...HELP.values()].flatMap((text) => text.match(/--[a-z][a-z-]+|\bIRONFLOW_[A-Z_]+/g) ?? [])
    expect(found.length).toBeGreaterThan(20)
    const text = page('docs/cli.md') + page('docs/operating.md')
    expect([...new Set(found)].filter((name) => !text.includes(`\`${name}`))).toEqual([])
  })

  it('as a command is in cli.md, and so is each exit code', () => {
    const paths = [...HELP.keys()]
    const leaves = paths.filter((path) => !paths.some((other) => other.startsWith(`${path} `)))
    expect(leaves.length).toBeGreaterThan(25)
    expect(
      missingIn(
        'docs/cli.md',
        leaves.map((path) => `| \`${path}`),
      ),
    ).toEqual([])
    expect(
      missingIn(
        'docs/cli.md',
        Object.values(EXIT).map((code) => `| ${code} |`),
      ),
    ).toEqual([])
  })

  it('as a limit is in operating.md, with its default', () => {
    const limits = Object.entries(DEFAULTS.limits).map(
      ([name, value]) => `| \`${name}\` | ${value.toLocaleString('en-US')} |`,
    )
    expect(missingIn('docs/operating.md', limits)).toEqual([])
  })

  it('as a method is in http-api.md, with its route', () => {
    expect(
      missingIn(
        'docs/http-api.md',
        Object.entries(METHODS).map(([name, row]) => methodLine(name, row)),
      ),
    ).toEqual([])
  })

  it('as a route besides is in http-api.md', () => {
    const { paths } = openapiDocument('0.0.0') as { paths: Record<string, Record<string, unknown>> }
    const isMethod = (path: string) => Object.values<MethodRow>(METHODS).some((row) => pathOf(row) === path)
    const others = Object.entries(paths)
      .filter(([path]) => !isMethod(path))
      .flatMap(([path, operations]) => Object.keys(operations).map((verb) => `${verb.toUpperCase()} ${path}`))
    expect(others).toContain('GET /metrics')
    expect(
      missingIn(
        'docs/http-api.md',
        others.map((route) => `| \`${route}\` |`),
      ),
    ).toEqual([])
  })

  it('as an error code is in errors.md, with its status and its class', () => {
    const lines = (Object.keys(CODES) as ErrorCode[]).map((code) => {
      const { status, retryable } = CODES[code]
      return `| \`${code}\` | ${status ?? '–'} | \`${errorFor(code, '').name}\` | ${retryable ? 'yes' : 'no'} |`
    })
    expect(missingIn('docs/errors.md', lines)).toEqual([])
  })

  it('as an error class is in errors.md', () => {
    const classes = [...new Set((Object.keys(CODES) as ErrorCode[]).map((code) => errorFor(code, '').name))]
    expect(classes.length).toBeGreaterThan(8)
    expect(
      missingIn(
        'docs/errors.md',
        classes.map((name) => `| \`${name}\` |`),
      ),
    ).toEqual([])
  })

  it('as an option of a client is in client-options.md', () => {
    const options = membersOf(read('packages/core/src/options.ts'), 'ClientOptions')
    expect(options).toContain('serverUrl')
    expect(
      missingIn(
        'docs/client-options.md',
        options.map((name) => `| \`${name}\` |`),
      ),
    ).toEqual([])
  })

  it.each([
    ['surfaces/config-api.ts', 'ConfigApi', 'docs/config.md', 'config'],
    ['surfaces/kv-api.ts', 'KvApi', 'docs/kv.md', 'kv'],
    ['surfaces/kv-bucket.ts', 'KvBucket', 'docs/kv.md', 'bucket'],
    ['surfaces/admin.ts', 'ApiKeysApi', 'docs/authentication.md', 'apiKeys'],
  ])('as a method in %s is described', (file, name, path, object) => {
    const methods = membersOf(read(`packages/core/src/${file}`), name)
    expect(methods.length).toBeGreaterThan(2)
    expect(
      missingIn(
        path,
        methods.filter((each) => each !== 'name').map((each) => `| \`${object}.${each}(`),
      ),
    ).toEqual([])
  })
})

/** The help of the command that these words begin with; `undefined`: they name none. */
function helpOf(words: readonly string[]): string | undefined {
  for (let count = words.length; count > 0; count -= 1) {
    const help = HELP.get(['ironflow', ...words.slice(0, count)].join(' '))
    if (help !== undefined) return help
  }
  return undefined
}

const pathOf = (row: MethodRow) => row.path.replaceAll(/:([a-zA-Z]+)\+?/g, '{$1}')

function methodLine(name: string, row: MethodRow): string {
  const { when } = row
  const query = when?.query ? `?${new URLSearchParams(when.query)}` : ''
  const header =
    when && 'header' in when ? ` with \`${when.header === 'if-match' ? 'If-Match' : 'If-None-Match'}\`` : ''
  const parameters = Object.keys(row.query ?? {}).map((each) => `\`${each}\``)
  const route = `\`${row.verb} ${pathOf(row)}${query}\`${header}`
  return `| \`${name}\` | ${route} | ${parameters.join(', ') || '–'} | ${row.access} | ${row.success ?? 200} |`
}
