import type { IronflowClient } from '@ironflow/core'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { nodePlatform } from '../../packages/node/src/platform'
import { type ServerProcess, startServer } from '../../scripts/server-process.mjs'
import { nodeClient } from '../support/node-client'

const CLIENTS = 2_000
/** How long connections last until they count as healthy, in milliseconds. */
const HEALTHY_MS = 10_000
const WINDOW_MS = 100
/** The most that all clients may take until they are in sync at first: they connect at once. */
const START_MS = 120_000
/** The most of all attempts that may fall into one window. */
const MOST = 0.15

let server: ServerProcess
let first: ServerProcess
let clients: IronflowClient[]
/** When somebody tried to connect, in milliseconds. */
let attempts: number[] = []
/** How far the clients' clock is ahead, in milliseconds. */
let skippedMs = 0
/** What each client was told last. */
const values: unknown[] = []

beforeAll(async () => {
  // It goes on with the data of the first one, which removes them at the end.
  first = server = await startServer({ args: ['--dev'] })
  clients = Array.from({ length: CLIENTS }, () => {
    return nodeClient(
      { serverUrl: server.url },
      {
        now: () => Date.now() + skippedMs,
        openSocket(...socket) {
          attempts.push(performance.now())
          return nodePlatform().openSocket(...socket)
        },
      },
    )
  })
  const watchers = clients.map((client, n) => {
    return client
      .kv()
      .bucket('restart')
      .watch({
        onUpdate: ({ data }) => {
          values[n] = data
        },
      })
  })
  await Promise.all(watchers.map(({ ready }) => ready))
}, START_MS)
afterAll(async () => {
  for (const client of clients) await client.close()
  await server.stop()
  await first.stop()
})

/** The largest part of `times`, which only grow, that lies within one window. */
function densest(times: readonly number[]): number {
  let [most, first] = [0, 0]
  for (const [last, time] of times.entries()) {
    while (time - (times[first] as number) >= WINDOW_MS) first++
    most = Math.max(most, last - first + 1)
  }
  return most / times.length
}

it.each([
  ['it stops', 'terminate', HEALTHY_MS],
  ['it is killed', 'kill', HEALTHY_MS],
  ['it is killed again while connections are young', 'kill', 0],
] as const)('two thousand clients of a server do not come back all at once when %s', async (name, end, ageMs) => {
  attempts = []
  skippedMs += ageMs
  await server[end]()
  const { port } = new URL(server.url)
  server = await startServer({ args: ['--dev', '--port', port], data: first.data })
  const [writer] = clients as [IronflowClient]
  await writer.kv().bucket('restart').put('k', name)
  const isBack = () => {
    expect(values.filter((value) => value === name)).toHaveLength(CLIENTS)
    expect(clients.filter((client) => client.status().state === 'live')).toHaveLength(CLIENTS)
  }
  await vi.waitFor(isBack, { timeout: 20_000, interval: 100 })
  expect(attempts.length).toBeGreaterThanOrEqual(CLIENTS)
  expect(densest(attempts)).toBeLessThan(MOST)
})
