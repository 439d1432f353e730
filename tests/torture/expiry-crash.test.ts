import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, type KvUpdate } from '@ironflow/node'
import { expect, it, onTestFinished } from 'vitest'
import { startServer } from '../../scripts/server-process.mjs'
import { openReadOnly } from '../support/sqlite-library.mjs'

interface EntryRow {
  key: string
  operation: number
}

/** As the database numbers them. */
const OPERATIONS = ['put', 'delete', 'purge', 'expire']

const ROUNDS = 8
const KEYS = 300
const LANES = 16
const TRANSPORTS = ['websocket', 'sse', 'poll'] as const

/**
 * The operations that a store has committed to each key, oldest first: `put`, `expire`. Read from the database, since
 * readers leave out what is past its time.
 */
function committed(directory: string): Map<string, string[]> {
  const db = openReadOnly(join(directory, 'ironflow.db'))
  try {
    const rows = db.prepare('SELECT key, operation FROM entries ORDER BY revision').all() as EntryRow[]
    const operations = new Map<string, string[]>()
    for (const { key, operation } of rows) {
      operations.set(key, [...(operations.get(key) ?? []), OPERATIONS[operation] ?? 'unknown'])
    }
    return operations
  } finally {
    db.close()
  }
}

it('values with a time-to-live are written once and expire once, across kill -9 and restart', async () => {
  let server = await startServer()
  const [{ data }, { port }, stop] = [server, new URL(server.url), server.stop]
  onTestFinished(async () => {
    await server.stop()
    await stop()
  })
  const { url: serverUrl, apiKey } = server
  const retry = { maxAttempts: 500, maxDelayMs: 200 }
  const writer = createClient({ serverUrl, apiKey, transport: 'sse', retry })
  onTestFinished(() => writer.close())
  await writer.kv().createBucket({ name: 'mortal', history: 64 })
  const bucket = writer.kv().bucket<number>('mortal')
  const logs = new Map<string, KvUpdate[]>()
  for (const transport of TRANSPORTS) {
    const client = createClient({ serverUrl, apiKey, transport, retry })
    onTestFinished(() => client.close())
    const log: KvUpdate[] = []
    logs.set(transport, log)
    await client
      .kv()
      .bucket('mortal')
      .watch({ onUpdate: (event) => void log.push(event) }).ready
  }

  for (let round = 0; round < ROUNDS; round++) {
    let acknowledged = 0
    const keys = Array.from({ length: KEYS }, (_, n) => `r${round}.${n}`)
    const queue = [...keys]
    const lanes = Array.from({ length: LANES }, async () => {
      for (let key = queue.shift(); key !== undefined; key = queue.shift()) {
        await bucket.put(key, round, { ttlSeconds: 1 })
        acknowledged++
      }
    })
    await expect.poll(() => acknowledged, { interval: 1, timeout: 20_000 }).toBeGreaterThan(KEYS / 3 + 15 * round)
    await server.kill()
    // Every other time what was written before is past its time before the server is back.
    if (round % 2 === 1) await sleep(1_500)
    server = await startServer({ data, args: ['--port', port] })
    await Promise.all(lanes)

    const listed = () => bucket.listKeys(`r${round}.*`)
    await expect.poll(listed, { timeout: 20_000 }).toEqual([])
    const isExpired = () => {
      const operations = committed(data)
      return keys.every((key) => operations.get(key)?.at(-1) === 'expire')
    }
    await expect.poll(isExpired, { timeout: 20_000, interval: 100 }).toBe(true)
    for (const [key, operations] of committed(data)) {
      if (!keys.includes(key)) continue
      // A put that is repeated after the restart is recognised by its Idempotency-Key.
      expect([key, operations]).toEqual([key, ['put', 'expire']])
    }
  }
  for (const [transport, log] of logs) {
    const revisions = log.map(({ revision }) => revision)
    expect([transport, revisions.length]).toEqual([transport, new Set(revisions).size])
    const expired = () => log.filter(({ operation }) => operation === 'expire').length
    await expect.poll(expired, { timeout: 20_000 }).toBeGreaterThanOrEqual(ROUNDS * KEYS)
  }
})
