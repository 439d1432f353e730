import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'tsup'
import { afterAll, beforeAll, expect, test } from 'vitest'

const packageFolder = fileURLToPath(new URL('..', import.meta.url))
let folder = ''

const server = createServer((_, response) => {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ name: 'limits', data: { seats: 5 }, revision: 1, updatedAt: '2026-01-01T00:00:00Z' }))
})

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ironflow-import-'))
  // One file of the sources, so that no build has to be there.
  await build({
    entry: { browser: join(packageFolder, 'src/index.ts') },
    tsconfig: join(packageFolder, 'tsconfig.json'),
    noExternal: [/^@ironflow\//],
    outExtension: () => ({ js: '.mjs' }),
    format: ['esm'],
    outDir: folder,
    config: false,
    silent: true,
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
}, 60_000)

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve))
  await rm(folder, { recursive: true, force: true })
})

/** What a script prints that runs in a plain Node.js, until it exits by itself. */
async function run(script: string): Promise<unknown> {
  // Later versions of Node.js have a WebSocket.
  const source = `delete globalThis.WebSocket\n${script}`
  const options = { cwd: folder, timeout: 20_000 }
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', source], options)
  return JSON.parse(stdout)
}

test('importing it touches nothing of a page and adds no global', async () => {
  const found = await run(`
    const touched = []
    for (const name of ['window', 'document', 'navigator', 'location', 'WebSocket', 'fetch', 'crypto', 'addEventListener']) {
      Object.defineProperty(globalThis, name, { configurable: true, get: () => void touched.push(name) })
    }
    const before = Reflect.ownKeys(globalThis).length
    const { ironflow, createClient } = await import('./browser.mjs')
    console.log(JSON.stringify({ touched, added: Reflect.ownKeys(globalThis).length - before, types: [typeof ironflow, typeof createClient] }))
  `)
  expect(found).toEqual({ touched: [], added: 0, types: ['object', 'function'] })
})

test('a client makes calls where there is no page and no WebSocket', async () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const found = await run(`
    const { createClient } = await import('./browser.mjs')
    const client = createClient({ serverUrl: '${url}' })
    console.log(JSON.stringify((await client.config().get('limits')).data))
    await client.close()
  `)
  expect(found).toEqual({ seats: 5 })
})

test('a watch says there that no WebSocket can be made, and ends with its client', async () => {
  const found = await run(`
    const { createClient } = await import('./browser.mjs')
    const client = createClient({ serverUrl: 'http://127.0.0.1:9', transport: 'websocket', retry: { maxAttempts: 1 } })
    const error = await new Promise((resolve) => client.config().watch('limits', { onError: resolve }))
    console.log(JSON.stringify({ code: error.code, message: error.message }))
    await client.close()
  `)
  expect(found).toEqual({ code: 'connection_failed', message: 'the WebSocket could not be opened: there is none' })
})
