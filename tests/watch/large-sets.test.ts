import type { IronflowError, Watcher } from '@ironflow/node'
import { expect, it, vi } from 'vitest'
import { errorRecorder, useWorld } from '../support/world'

const TRANSPORTS = ['websocket', 'sse', 'poll'] as const
const PATIENCE_MS = 20_000

const world = useWorld()

/** Filters of 480 characters that fit no key. */
function filters(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, n) => `${String(from + n).padStart(8, '0')}.${'x'.repeat(471)}`)
}

const live = (watchers: readonly Watcher<unknown>[]) => watchers.filter(({ status }) => status.state === 'live').length

it.each(TRANSPORTS)(
  'three hundred watches that are larger than one body are all in sync (%s)',
  { timeout: 3 * PATIENCE_MS },
  async (transport) => {
    const { reports, onError } = errorRecorder()
    const bucket = world.client({ transport, onError }).kv().bucket(`large-${transport}`)
    const seen = new Set<number>()
    const watchers = Array.from({ length: 300 }, (_, n) => {
      const onUpdate = () => void seen.add(n)
      return bucket.watch({ onUpdate }, { key: [...filters(8, 8 * n), `k.${n}`] })
    })
    await Promise.all(watchers.map(({ ready }) => ready))
    await vi.waitFor(() => expect(live(watchers)).toBe(300), { timeout: PATIENCE_MS })
    for (const n of [0, 149, 150, 299]) await bucket.put(`k.${n}`, n)
    await vi.waitFor(() => expect([...seen].sort((a, b) => a - b)).toEqual([0, 149, 150, 299]), {
      timeout: PATIENCE_MS,
    })
    expect(reports).toEqual([])
  },
)

it.each(TRANSPORTS)(
  'a watch that is too large by itself ends with an error, and the others go on (%s)',
  { timeout: 3 * PATIENCE_MS },
  async (transport) => {
    const { reports, onError } = errorRecorder()
    const bucket = world.client({ transport, onError }).kv().bucket('alone')
    const before = bucket.watch()
    await before.ready
    const told: IronflowError[] = []
    const large = bucket.watch({ onError: (error) => void told.push(error) }, { key: filters(5_000) })
    const after = bucket.watch()
    await expect(large.ready).rejects.toMatchObject({ code: 'payload_too_large' })
    await after.ready
    await vi.waitFor(() => expect(live([before, after])).toBe(2), { timeout: PATIENCE_MS })
    expect(large.status).toMatchObject({ state: 'closed', error: { code: 'payload_too_large' } })
    expect(told).toMatchObject([{ code: 'payload_too_large', method: 'kv.watch' }])
    expect(reports).toMatchObject([{ error: { code: 'payload_too_large' }, context: { method: 'kv.watch' } }])
  },
)

it.each(TRANSPORTS)(
  'of more watches than a stream carries, a thousand are in sync and the others say why not (%s)',
  { timeout: 3 * PATIENCE_MS },
  async (transport) => {
    const bucket = world.client({ transport }).kv().bucket('many')
    const watchers = Array.from({ length: 1_003 }, (_, n) => bucket.watch({}, { key: `k.${n}` }))
    const waiting = watchers.slice(1_000)
    await Promise.all(watchers.slice(0, 1_000).map(({ ready }) => ready))
    await vi.waitFor(
      () => {
        expect(live(watchers)).toBe(1_000)
        for (const { status } of waiting) {
          expect(status).toMatchObject({ state: 'interrupted', error: { code: 'rate_limited' } })
          expect(status).toMatchObject({ error: { message: expect.stringContaining('subscriptionsPerStream: 1000') } })
        }
      },
      { timeout: PATIENCE_MS, interval: 20 },
    )
  },
)
