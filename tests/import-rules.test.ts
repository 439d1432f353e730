import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { cycles, forbidden, importsOf, layerViolations, loadedBy, type Sources, violations } from './import-rules'

const root = fileURLToPath(new URL('..', import.meta.url))

function readSources(): Sources {
  const paths = readdirSync(`${root}packages`).flatMap((name) =>
    readdirSync(`${root}packages/${name}/src`, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.[cm]?[jt]sx?$/.test(file))
      .map((file) => `packages/${name}/src/${file.replaceAll('\\', '/')}`),
  )
  return new Map(paths.map((path) => [path, readFileSync(root + path, 'utf8')]))
}

describe('the sources of every package', () => {
  const sources = readSources()

  it('are found, all packages of them', () => {
    const packages = new Set([...sources.keys()].map((path) => path.split('/')[1]))
    expect([...packages]).toEqual(expect.arrayContaining(['cli', 'core', 'node', 'server']))
  })

  it('import nothing that their package may not import', () => {
    expect(violations(sources)).toEqual([])
  })

  it('import one another without a cycle', () => {
    expect(cycles(sources)).toEqual([])
  })

  it('import only from the layers below their own', () => {
    expect(layerViolations(sources)).toEqual([])
  })

  it.each([
    ['index', ['@noble/hashes/sha2.js', '@noble/hashes/utils.js', 'p-limit']],
    ['node', ['node:http', 'node:https', 'prom-client', 'ws']],
    ['testing/index', ['fast-check', 'vitest']],
    ['sqlite', ['node:crypto', 'node:fs', 'node:module', 'node:path', 'node:url', 'node:worker_threads', 'node:zlib']],
  ])('@ironflow/server loads by its entry point %s no more than it needs', (entry, expected) => {
    const loaded = loadedBy(`packages/server/src/${entry}.ts`, sources)
    expect(loaded.filter((specifier) => !specifier.startsWith('@ironflow/core/'))).toEqual(expected)
  })
})

describe('loadedBy', () => {
  it('follows files, cycles too, and leaves out what is only a type', () => {
    const sources = new Map([
      ['packages/a/src/index.ts', "import './b'\nimport type { T } from 'types'\nexport * from './c'"],
      ['packages/a/src/b.ts', "import './index'\nimport 'zod'"],
      ['packages/a/src/c/index.ts', "import 'ws'\nimport 'zod'"],
    ])
    expect(loadedBy('packages/a/src/index.ts', sources)).toEqual(['ws', 'zod'])
  })
})

describe('importsOf', () => {
  it.each([
    ["import a from 'x'", { specifier: 'x', typeOnly: false }],
    ["import 'x'", { specifier: 'x', typeOnly: false }],
    ["import type { A } from 'x'", { specifier: 'x', typeOnly: true }],
    ["import { type A } from 'x'", { specifier: 'x', typeOnly: false }],
    ["export * from 'x'", { specifier: 'x', typeOnly: false }],
    ["export type { A } from 'x'", { specifier: 'x', typeOnly: true }],
    ["const a = await import('x')", { specifier: 'x', typeOnly: false }],
    ['const a = await import(`x`)', { specifier: 'x', typeOnly: false }],
    ['const a = await import(name)', { specifier: '<computed>', typeOnly: false }],
    ["const a = require('x')", { specifier: 'x', typeOnly: false }],
    ["import a = require('x')", { specifier: 'x', typeOnly: false }],
    ["let a: import('x').A", { specifier: 'x', typeOnly: true }],
  ])('reads %s', (text, expected) => {
    expect(importsOf('a.ts', text)).toEqual([expected])
  })

  it('is not misled by a comment or a string', () => {
    expect(importsOf('a.ts', "// import 'x'\nconst a = \"import 'x'\"")).toEqual([])
  })
})

describe('forbidden', () => {
  it.each([
    ['core/src/index.ts', 'node:fs'],
    ['core/src/index.ts', 'fs'],
    ['core/src/index.ts', 'ws'],
    ['core/src/index.ts', '@ironflow/node'],
    ['core/src/index.ts', '../../node/src/index'],
    ['core/src/index.ts', '../test/fake-platform'],
    ['core/src/index.ts', '../../node/package.json'],
    ['core/src/index.ts', '/absolute'],
    ['core/src/index.ts', '<computed>'],
    ['node/src/index.ts', '@ironflow/server'],
    ['node/src/index.ts', '@ironflow/core-extra'],
    ['node/src/index.ts', 'nats.ws'],
    ['browser/src/index.ts', 'node:crypto'],
    ['browser/src/index.ts', 'ws'],
    ['server/src/server.ts', '@ironflow/core'],
    ['server/src/server.ts', '@ironflow/core/transport'],
    ['server/src/server.ts', '@ironflow/node'],
    ['server/src/engine/memory/engine.ts', 'node:fs'],
    ['server/src/engine/failures.ts', 'node:fs'],
    ['server/src/observe/metrics.ts', 'node:perf_hooks'],
    ['server/src/server-core.ts', 'node:os'],
    ['server/src/engine/sqlite/reader.ts', 'better-sqlite3'],
    ['server/src/engine/sqlite/built-in-driver.ts', 'node:sqlite'],
    ['sqlite-native/src/index.cjs', 'ws'],
    ['server/src/dispatch/dispatch.ts', 'node:crypto'],
    ['server/src/domain/kv.ts', 'crypto'],
    ['server/src/watch/hub.ts', 'node:events'],
    ['server/src/bindings/http.ts', 'node:http'],
    ['server/src/bindings/in-process.ts', 'node:http'],
    ['cli/src/main.ts', '@ironflow/server'],
    ['cli/src/commands/apikey.ts', '@ironflow/server'],
    ['cli/src/commands/preserve.ts', '@ironflow/server'],
    ['cli/src/commands/serve.ts', '@ironflow/browser'],
    ['unheard-of/src/index.ts', 'ws'],
  ])('packages/%s may not import %s', (file, specifier) => {
    expect(forbidden(`packages/${file}`, { specifier, typeOnly: false })).toEqual(expect.any(String))
  })

  it.each([
    ['core/src/transport/sse.ts', 'eventsource-parser'],
    ['core/src/transport/sse.ts', '../protocol/sse'],
    ['node/src/index.ts', '@ironflow/core'],
    ['node/src/index.ts', '@ironflow/core/errors'],
    ['node/src/platform.ts', 'node:crypto'],
    ['node/src/platform.ts', 'ws'],
    ['node/src/nats.ts', 'nats'],
    ['browser/src/nats.ts', 'nats.ws'],
    ['server/src/server.ts', '@ironflow/core/rules'],
    ['server/src/server.ts', 'pino'],
    ['server/src/bindings/node/serve.ts', 'node:http'],
    ['server/src/engine/sqlite/engine.ts', 'node:worker_threads'],
    ['sqlite-native/src/index.cjs', 'better-sqlite3'],
    ['cli/src/commands/serve.ts', '@ironflow/server'],
    ['cli/src/commands/backup.ts', '@ironflow/server'],
    ['cli/src/commands/restore/index.ts', '@ironflow/server'],
    ['cli/src/main.ts', '@ironflow/node'],
  ])('packages/%s may import %s', (file, specifier) => {
    expect(forbidden(`packages/${file}`, { specifier, typeOnly: false })).toBeUndefined()
  })

  it('lets the server take types from core/transport', () => {
    const transport = { specifier: '@ironflow/core/transport', typeOnly: true }
    expect(forbidden('packages/server/src/server.ts', transport)).toBeUndefined()
  })
})

describe('violations', () => {
  it('names the file, the import and the reason', () => {
    const sources = new Map([['packages/core/src/index.ts', "import './ok'\nexport * from 'node:fs'"]])
    expect(violations(sources)).toEqual([
      'packages/core/src/index.ts → node:fs: core imports nothing but eventsource-parser',
    ])
  })
})

describe('cycles', () => {
  it('finds one that goes through a folder and an export-from, once', () => {
    const sources = new Map([
      ['packages/core/src/index.ts', "export * from './a'"],
      ['packages/core/src/a.ts', "import type { B } from './b/index.js'"],
      ['packages/core/src/b/index.ts', "export * from '../c.ts'"],
      ['packages/core/src/c.ts', "import '.'"],
    ])
    expect(cycles(new Map([...sources, ['packages/core/src/c.ts', "import './a'"]]))).toEqual([
      'packages/core/src/a.ts → packages/core/src/b/index.ts → packages/core/src/c.ts → packages/core/src/a.ts',
    ])
    expect(cycles(sources)).toEqual([
      'packages/core/src/index.ts → packages/core/src/a.ts → packages/core/src/b/index.ts → packages/core/src/c.ts → packages/core/src/index.ts',
    ])
  })

  it('does not take a diamond for a cycle', () => {
    const sources = new Map([
      ['packages/core/src/index.ts', "import './a'\nimport './b'"],
      ['packages/core/src/a.ts', "import './c'"],
      ['packages/core/src/b.ts', "import './c'"],
      ['packages/core/src/c.ts', ''],
    ])
    expect(cycles(sources)).toEqual([])
  })
})

describe('layerViolations', () => {
  const at = (files: Record<string, string>) =>
    new Map(Object.entries(files).map(([path, text]) => [`packages/core/src/${path}`, text]))

  it('reports an import from a layer above, of folders and of top-level files', () => {
    const sources = at({
      'low/a.ts': "import type { B } from '../high/b'",
      'middle.ts': "import './high/b'",
      'high/b.ts': "import '../low/c'",
      'low/c.ts': '',
    })
    expect(layerViolations(sources, { core: ['low', 'middle', 'high'] })).toEqual([
      'packages/core/src/low/a.ts → packages/core/src/high/b.ts: high is above low',
      'packages/core/src/middle.ts → packages/core/src/high/b.ts: high is above middle',
      'packages/core/src/high ↔ packages/core/src/low: import each other',
    ])
  })

  it('gives a folder within a folder its own layer where the list names it', () => {
    const sources = at({
      'engine/engine.ts': '',
      'engine/memory.ts': "import './memory/store'",
      'engine/memory/store.ts': "import '../engine'",
    })
    expect(layerViolations(sources, { core: ['engine', 'engine/memory'] })).toEqual([
      'packages/core/src/engine ↔ packages/core/src/engine/memory: import each other',
    ])
    expect(layerViolations(sources, { core: ['engine/memory', 'engine'] })).toEqual([
      'packages/core/src/engine/memory/store.ts → packages/core/src/engine/engine.ts: engine is above engine/memory',
      'packages/core/src/engine ↔ packages/core/src/engine/memory: import each other',
    ])
  })

  it('reports a file without a layer, and a layer without a file', () => {
    expect(layerViolations(at({ 'a.ts': '', 'ab/c.ts': '' }), { core: ['a', 'b'] })).toEqual([
      'packages/core/src/ab/c.ts: is in no layer of core',
      'core: the layer b has no file',
    ])
  })

  it('checks no package that has no list', () => {
    expect(layerViolations(at({ 'a.ts': '' }), {})).toEqual([])
  })
})
