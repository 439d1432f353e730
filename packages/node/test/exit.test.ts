import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'
import { afterAll, beforeAll, expect, test } from 'vitest'

const packageFolder = fileURLToPath(new URL('..', import.meta.url))
let folder = ''
let url = ''

/** Answers everything, and keeps its connections open as servers do. */
const server = createServer((request, response) => {
  if (request.url?.endsWith('/hang')) return
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ name: 'limits', data: {}, revision: 1 }))
})

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ironflow-exit-'))
  // One file of the sources, so that no build has to be there.
  await build({
    entry: { client: join(packageFolder, 'src/index.ts') },
    tsconfig: join(packageFolder, 'tsconfig.json'),
    noExternal: [/^@ironflow\//],
    outExtension: () => ({ js: '.mjs' }),
    format: ['esm'],
    // What `ws` requires of Node.js, an ES module has to be given.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    target: 'node20',
    outDir: folder,
    config: false,
    silent: true,
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address === 'object' && address) url = `http://127.0.0.1:${address.port}`
}, 60_000)

afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(folder, { recursive: true, force: true })
})

/** Runs a script that has `createClient` and `url`, until it exits by itself or has taken far too long. */
async function run(script: string): Promise<{ code: number | null; signal: string | null; output: string }> {
  const source = `import { createClient } from './client.mjs'; const url = '${url}';\n${script}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { cwd: folder, timeout: 20_000 })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    output += chunk
  })
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, output })))
}

test.each([
  [
    'makes a call and closes the client',
    "const c = createClient({ serverUrl: url }); await c.config().get('limits'); await c.close()",
  ],
  ['makes a call and does not close the client', "await createClient({ serverUrl: url }).config().get('limits')"],
  [
    'closes the client while a call hangs',
    "const c = createClient({ serverUrl: url }); c.config().get('hang').catch((e) => console.log(e.code)); await c.close()",
  ],
  ['only makes a client', 'createClient({ serverUrl: url })'],
  [
    'calls a server that is down',
    "await createClient({ serverUrl: 'http://127.0.0.1:1', retry: false }).config().get('a').catch((e) => console.log(e.code))",
  ],
])(
  'a script that %s exits by itself',
  async (_, script) => {
    const { code, signal, output } = await run(script)
    expect({ code, signal }, output).toEqual({ code: 0, signal: null })
    expect(output.trim()).toBe(
      script.includes('hang') ? 'closed' : script.includes(':1') && script.includes('retry') ? 'connection_failed' : '',
    )
  },
  30_000,
)

test('importing the client does nothing that keeps a process alive', async () => {
  expect(await run('')).toEqual({ code: 0, signal: null, output: '' })
}, 30_000)
