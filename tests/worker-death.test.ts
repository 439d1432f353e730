import { createClient } from '@ironflow/node'
import { expect, it, onTestFinished } from 'vitest'
import { startServer } from '../scripts/server-process.mjs'

it('a server whose writing thread fails says why, and exits with 1 by itself', async () => {
  const preload = new URL('./support/mortal-worker.mjs', import.meta.url)
  const server = await startServer({ env: { NODE_OPTIONS: `--import=${preload}` } })
  onTestFinished(() => server.stop())
  const client = createClient({ serverUrl: server.url, apiKey: server.apiKey, retry: false })
  onTestFinished(() => client.close())
  const bucket = client.kv().bucket('b')
  await bucket.put('k', 1)
  await bucket.put('fatal', 1).catch(() => undefined)
  expect(await server.exited).toBe(1)
  const fatal = server
    .log()
    .split('\n')
    .filter((line) => line.includes('"level":60'))
  expect(fatal).toHaveLength(1)
  expect(fatal[0]).toContain('out of the blue; restart the server')
})
