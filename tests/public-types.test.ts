import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import * as browser from '../packages/browser/dist/index.js'
import * as node from '../packages/node/dist/index.js'

/** Compiles files that exist only here against the built packages, as an application of Node.js does. */
function typeErrors(files: Readonly<Record<string, string>>): string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    exactOptionalPropertyTypes: true,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    types: ['node'],
  }
  const directory = fileURLToPath(new URL('.', import.meta.url))
  const texts = new Map(Object.entries(files).map(([name, text]) => [directory + name, text]))
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists, readFile } = host
  host.fileExists = (file) => texts.has(file) || fileExists(file)
  host.readFile = (file) => texts.get(file) ?? readFile(file)
  host.getSourceFile = (file, version, ...rest) => {
    const text = texts.get(file)
    if (text === undefined) return getSourceFile(file, version, ...rest)
    const languageVersion = typeof version === 'object' ? version : { languageVersion: version }
    const impliedNodeFormat = file.endsWith('.cts') ? ts.ModuleKind.CommonJS : ts.ModuleKind.ESNext
    return ts.createSourceFile(file, text, { ...languageVersion, impliedNodeFormat })
  }
  const program = ts.createProgram([...texts.keys()], options, host)
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    return `${file?.fileName.slice(directory.length)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
}

describe('types of the public packages', () => {
  it('a client of an ES module fits a function of a CommonJS module, and the other way round', () => {
    const errors = typeErrors({
      'use.cts': `import { createClient, type ConfigApi, type IronflowClient, type KvBucket, type Watcher } from '@ironflow/node'
export async function use(client: IronflowClient, config: ConfigApi, bucket: KvBucket<number>, watcher: Watcher<unknown>) {
  await client.config().get('limits')
  await config.set('limits', { seats: await bucket.get('a').then(({ value }) => value) })
  watcher.stop()
}
export const make = () => createClient()
`,
      'main.mts': `import { createClient, type IronflowClient } from '@ironflow/node'
import { make, use } from './use.cjs'
const client = createClient<{ configs: { limits: { seats: number } } }>()
const bucket = client.kv().bucket<number>('counters')
await use(client, client.config(), bucket, bucket.watch())
const theirs: IronflowClient = make()
await theirs.close()
`,
    })
    expect(errors).toEqual([])
  })

  it('the browser package compiles without any other types', () => {
    const errors = typeErrors({
      'page.mts': `import { createClient, ironflow } from '@ironflow/browser'
const client = createClient<{ buckets: { flags: boolean } }>({ serverUrl: 'http://localhost:9123' })
client.kv().bucket('flags').watch({ onUpdate: (event) => event.operation === 'put' && event.data satisfies boolean })
ironflow.config().watch('app-settings', { onUpdate: ({ data }) => data.banner })
`,
    })
    expect(errors).toEqual([])
  })
})

it.each([
  ['node', node, []],
  ['browser', browser, ['ironflow']],
])('@ironflow/%s exports the client, its errors and nothing internal', (_, exports, others) => {
  const errors = Object.keys(exports).filter((name) => /^[A-Z].*Error$/.test(name))
  expect(errors.length).toBeGreaterThan(8)
  const rest = Object.keys(exports).filter((name) => !errors.includes(name))
  expect(rest.sort()).toEqual(['createClient', ...others, 'isIronflowError'].sort())
})
