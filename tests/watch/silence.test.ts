import type { WatchStatus } from '@ironflow/core'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { AdjustableClock } from '../support/adjustable-clock'
import { nodeClient } from '../support/node-client'
import { useWorld } from '../support/world'

/** Three heartbeats that did not come. */
const SILENCE_MS = 45_000
/** How many times as fast as ours the clients' clock runs while the server is silent. */
const HASTE = 20

const world = useWorld()

describe.each(['websocket', 'sse'] as const)('a server that is stopped, watched over %s', (transport) => {
  afterEach(() => process.kill(world.server.pid, 'SIGCONT'))

  it('is noticed within 45 seconds, and watches are in sync within 5 seconds after it goes on (W21)', async () => {
    const clock = new AdjustableClock()
    const { url: serverUrl, apiKey } = world.server
    await using client = nodeClient({ serverUrl, apiKey, transport }, clock.platform)
    const bucket = world.client().kv().bucket('silent')
    await bucket.put(transport, 'before')
    const values: unknown[] = []
    const told: Array<{ status: WatchStatus; at: number }> = []
    const watcher = client
      .kv()
      .bucket('silent')
      .watch(
        {
          onUpdate: ({ data }) => values.push(data),
          onStatus: (status) => told.push({ status, at: clock.now() }),
        },
        { key: transport },
      )
    await watcher.ready
    expect(client.status()).toMatchObject({ state: 'live', transport })

    process.kill(world.server.pid, 'SIGSTOP')
    const stoppedAt = clock.now()
    clock.runAt(HASTE)
    await vi.waitFor(() => expect(watcher.status.state).toBe('interrupted'), { timeout: 10_000, interval: 5 })
    clock.runAt(1)
    const noticed = told.find(({ status }) => status.state === 'interrupted')
    // The last message came before it was stopped; and one tick of our clock is a second of theirs.
    expect((noticed?.at ?? 0) - stoppedAt).toBeGreaterThan(SILENCE_MS - 15_000)
    expect((noticed?.at ?? 0) - stoppedAt).toBeLessThan(SILENCE_MS + 5_000)
    expect(noticed?.status).toMatchObject({ error: { code: 'timeout', message: 'the connection went silent' } })
    expect(client.status()).toMatchObject({ state: 'interrupted', lastSyncedAt: expect.any(Number), transport })
    expect(stoppedAt - (watcher.status.lastSyncedAt ?? 0)).toBeGreaterThanOrEqual(0)

    process.kill(world.server.pid, 'SIGCONT')
    void bucket.put(transport, 'after')
    const isBack = () => {
      expect(values).toEqual(['before', 'after'])
      expect(client.status().state).toBe('live')
    }
    await vi.waitFor(isBack, { timeout: 5_000, interval: 20 })
  })
})

it('a server that was stopped is watched over a WebSocket again soon after', async () => {
  const clock = new AdjustableClock()
  const { url: serverUrl, apiKey } = world.server
  const requested: string[] = []
  const requests: typeof fetch = (input, init) => {
    requested.push(String(input))
    return fetch(input, init)
  }
  await using client = nodeClient({ serverUrl, apiKey, fetch: requests }, clock.platform)
  const values: unknown[] = []
  await client
    .kv()
    .bucket('thawed')
    .watch({ onUpdate: ({ data }) => values.push(data) }).ready
  process.kill(world.server.pid, 'SIGSTOP')
  onTestFinished(() => void process.kill(world.server.pid, 'SIGCONT'))
  clock.runAt(HASTE)
  // No WebSocket was opened either, so that it looks as if something on the way let none pass.
  const isInDoubt = () => expect(requested).toEqual([`${serverUrl}/api/v1/watch`])
  await vi.waitFor(isInDoubt, { timeout: 10_000, interval: 5 })
  clock.runAt(1)
  process.kill(world.server.pid, 'SIGCONT')
  await vi.waitFor(() => expect(client.status().state).toBe('live'), { timeout: 10_000, interval: 20 })
  clock.runAt(HASTE)
  const isBack = () => expect(client.status()).toMatchObject({ state: 'live', transport: 'websocket' })
  await vi.waitFor(isBack, { timeout: 2_000, interval: 5 })
  clock.runAt(1)
  await world.client().kv().bucket('thawed').put('k', 'after')
  await vi.waitFor(() => expect(values).toEqual(['after']), { timeout: 5_000, interval: 20 })
})
