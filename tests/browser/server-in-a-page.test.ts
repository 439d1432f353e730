import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Chromium, launchChromium } from '../support/chromium'

/** A program for a page: a server with keys on the memory engine, a client in the same process, and HTTP requests. */
const PROGRAM = `
  import { createClient } from '@ironflow/browser'
  import { bucketDefaults, createMemoryEngine, createServer, inProcessTransport } from '@ironflow/server'

  globalThis.run = async () => {
    const apiKey = 'ifkey_' + 'a'.repeat(48)
    const engine = createMemoryEngine({ bucketDefaults: bucketDefaults() })
    const server = createServer({ engine, bootstrapKey: apiKey })
    const client = createClient({ transport: inProcessTransport(server, { apiKey }) })
    const flags = client.kv().bucket('flags')
    const seen = []
    const told = new Promise((resolve) => {
      flags.watch({ onUpdate: ({ key, data }) => resolve(seen.push([key, data])) })
    })
    const send = async (path, { method = 'GET', body, authorization = 'Bearer ' + apiKey } = {}) => {
      const headers = { authorization, 'content-type': 'application/json' }
      const response = await server.fetch(new Request('http://localhost/api/v1/' + path, { method, body, headers }))
      return response.status
    }
    const statuses = [
      await send('kv/buckets/flags/keys/a', { method: 'PUT', body: '{"on":true}' }),
      await send('kv/buckets/flags/keys/a'),
      await send('kv/buckets/flags/keys/a', { authorization: 'Bearer ifkey_' + '0'.repeat(48) }),
      await send('capabilities'),
    ]
    await told
    await client.config().patch('limits', { seats: 5 })
    const read = [(await flags.get('a')).value, (await client.config().get('limits')).data]
    await client.close()
    await server.close()
    await engine.close()
    return { statuses, seen, read }
  }
`

let chromium: Chromium

beforeAll(async () => {
  chromium = await launchChromium()
}, 120_000)
afterAll(() => chromium?.close())

it('the entry point @ironflow/server runs in a page: it needs nothing but web standards', async () => {
  const resolveDir = fileURLToPath(new URL('.', import.meta.url))
  // For a browser, so that a module of Node.js, in a dependency too, is an error.
  const bundle = await build({
    stdin: { contents: PROGRAM, resolveDir },
    bundle: true,
    platform: 'browser',
    write: false,
  })
  const page = await chromium.browser.newPage()
  await page.route('http://localhost/', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }))
  await page.goto('http://localhost/')
  await page.addScriptTag({ content: bundle.outputFiles[0]?.text ?? '' })
  expect(await page.evaluate('run()')).toEqual({
    statuses: [200, 200, 401, 200],
    seen: [['a', { on: true }]],
    read: [{ on: true }, { seats: 5 }],
  })
  await page.close()
})
