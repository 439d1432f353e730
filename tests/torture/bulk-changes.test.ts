import { createClient } from '@ironflow/node'
import { expect, it, onTestFinished } from 'vitest'
import { startServer } from '../../scripts/server-process.mjs'

const KEYS = 60_000
const LANES = 64

/** How long writes to another bucket take while something else happens, at most, in milliseconds. */
async function slowestPutDuring(put: (n: number) => Promise<unknown>, work: () => Promise<unknown>): Promise<number> {
  let isDone = false
  let slowest = 0
  const putting = (async () => {
    for (let n = 0; !isDone; n++) {
      const startedAt = performance.now()
      await put(n)
      slowest = Math.max(slowest, performance.now() - startedAt)
    }
  })()
  try {
    await work()
  } finally {
    isDone = true
    await putting
  }
  return slowest
}

it('changing, expiring and removing 60,000 keys at once holds no other write up', async () => {
  const server = await startServer()
  onTestFinished(() => server.stop())
  const client = createClient({ serverUrl: server.url, apiKey: server.apiKey })
  onTestFinished(() => client.close())
  const large = client.kv().bucket<number>('large')
  const other = client.kv().bucket<number>('other')
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    for (let n = lane; n < KEYS; n += LANES) await large.put(`k${n}`, n)
  })
  await Promise.all(lanes)
  const patch = async (options: object) => {
    const response = await fetch(`${server.url}/api/v1/kv/buckets/large`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${server.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(options),
    })
    expect(response.status).toBe(200)
  }
  const put = (n: number) => other.put('k', n)
  expect(await slowestPutDuring(put, () => patch({ ttlSeconds: 3_600 }))).toBeLessThan(500)

  const expiries = new Map<string, number>()
  const watcher = large.watch({
    onUpdate: ({ key, operation }) => {
      if (operation === 'expire') expiries.set(key, (expiries.get(key) ?? 0) + 1)
    },
  })
  onTestFinished(() => watcher.stop())
  await watcher.ready
  const expire = async () => {
    await patch({ ttlSeconds: 1 })
    expect((await large.keys().next()).done).toBe(true)
    await expect.poll(() => expiries.size, { timeout: 60_000 }).toBe(KEYS)
  }
  expect(await slowestPutDuring(put, expire)).toBeLessThan(500)
  expect([...expiries.values()].every((count) => count === 1)).toBe(true)

  const remove = async () => void (await client.kv().deleteBucket('large'))
  expect(await slowestPutDuring(put, remove)).toBeLessThan(500)
})
