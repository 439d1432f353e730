import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bucketDefaults } from '@ironflow/server'
import { openSqliteEngine } from '@ironflow/server/sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ServerProcess, startServer } from '../../scripts/server-process.mjs'
import { healthDuring } from '../support/event-loop'

const KEYS = 100_000
const HEALTH_MS = 50

let server: ServerProcess
let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ironflow-wide-'))
  const data = join(directory, 'data')
  const engine = await openSqliteEngine({ directory: data, bucketDefaults: bucketDefaults() })
  const value = { encoding: 'json', text: '{"n":1}' } as const
  for (let start = 0; start < KEYS; start += 1_000) {
    const puts = Array.from({ length: 1_000 }, (_, n) =>
      engine.put('APP_default_wide', `${n % 50}.${start + n}.x`, value),
    )
    await Promise.all(puts)
  }
  await engine.close()
  server = await startServer({ data, args: ['--dev'] })
}, 120_000)

afterAll(async () => {
  await server?.stop()
  await rm(directory, { recursive: true, force: true })
})

/** Follows the bucket with 64 filters until all of its values have come; resolves with how many those were. */
async function follow(filterOf: (n: number) => string): Promise<number> {
  const filters = Array.from({ length: 64 }, (_, n) => filterOf(n))
  const response = await fetch(`${server.url}/api/v1/watch`, {
    method: 'POST',
    headers: { accept: 'text/event-stream', 'content-type': 'application/json' },
    body: JSON.stringify({ subscriptions: [{ id: 's', kind: 'kv', target: 'wide', filters }] }),
  })
  let values = 0
  let rest = ''
  const decoder = new TextDecoder()
  const body = response.body as unknown as AsyncIterable<Uint8Array>
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('event: ')
    rest = parts.pop() ?? ''
    values += parts.filter((part) => part.startsWith('kv_update')).length
    // Leaving the loop ends the stream.
    if (rest.startsWith('synced')) return values
  }
  throw new Error(`the stream ended after ${values} values`)
}

test.each([
  ['few keys', (n: number) => `*.${n}.x`, 64],
  ['every key', (n: number) => (n < 32 ? '>' : `*.*.${n}`), KEYS],
])('8 subscriptions with 64 filters that admit %s leave the server responsive', async (_, filterOf, count) => {
  const startedAt = performance.now()
  const health = await healthDuring(server.url, async () => {
    const counts = await Promise.all(Array.from({ length: 8 }, () => follow(filterOf)))
    expect(counts).toEqual(Array(8).fill(count))
  })
  process.stdout.write(`${JSON.stringify({ tookMs: performance.now() - startedAt, ...health })}\n`)
  expect(health.p99).toBeLessThan(HEALTH_MS)
})

test('a list that looks through all keys for few leaves the server responsive', async () => {
  const found: string[] = []
  const startedAt = performance.now()
  const health = await healthDuring(server.url, async () => {
    for (let cursor = ''; ; ) {
      const path = `/api/v1/kv/buckets/wide/keys?values=true&filter=*.99999.*${cursor}`
      const page = (await (await fetch(server.url + path)).json()) as {
        entries: { key: string }[]
        nextCursor?: string
      }
      found.push(...page.entries.map(({ key }) => key))
      if (page.nextCursor === undefined) return
      cursor = `&cursor=${page.nextCursor}`
    }
  })
  process.stdout.write(`${JSON.stringify({ tookMs: performance.now() - startedAt, ...health })}\n`)
  expect(found).toEqual(['49.99999.x'])
  expect(health.p99).toBeLessThan(HEALTH_MS)
})
