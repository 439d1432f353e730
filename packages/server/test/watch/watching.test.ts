import { describe, expect, test } from 'vitest'
import { hashOf } from '../../src/domain/key-records'
import { ANYBODY } from '../../src/domain/principal'
import { Harness } from '../support/harness'
import { RecordingSink, settle } from '../support/recording-sink'

/** A session of a key on a server, with its heartbeat in the test's hand. */
async function open(harness: Harness, apiKey: string | undefined, environment = 'default') {
  const sink = new RecordingSink()
  const keyHash = apiKey === undefined ? undefined : hashOf(apiKey)
  const principal = keyHash === undefined ? ANYBODY : await harness.server.core.authenticator.verify(keyHash)
  sink.session = harness.server.core.watching.open({ keyHash, principal, environment, sink })
  return sink
}
const tick = async ({ server }: Harness, times = 1) => {
  for (let n = 0; n < times; n++) {
    server.core.watching.tick()
    await settle()
  }
}

describe('heartbeats', () => {
  test('come every 15 seconds, with every bookmark (W10, W21)', async () => {
    const harness = new Harness({ auth: 'none' })
    const sink = await open(harness, undefined)
    sink.session?.subscribe({ id: 'a', kind: 'kv', target: 'b' })
    sink.session?.subscribe({ id: 'b', kind: 'config', target: 'c' })
    await settle()
    await tick(harness, 14)
    expect(sink.frames.filter(({ type }) => type === 'heartbeat')).toEqual([])
    await tick(harness)
    expect(Object.keys(sink.last('heartbeat').cursors)).toEqual(['a', 'b'])
    await tick(harness, 15)
    expect(sink.frames.filter(({ type }) => type === 'heartbeat')).toHaveLength(2)
    await harness.server.close()
  })
})

describe('a key that is over', () => {
  test('by revocation: its streams end within five seconds, and nobody else’s (W19)', async () => {
    const harness = new Harness()
    await harness.server.ready
    const [mine, other] = [await harness.key({ role: 'viewer' }), await harness.key({ role: 'viewer' })]
    const [gone, stays] = [await open(harness, mine), await open(harness, other)]
    gone.session?.subscribe({ id: 's', kind: 'kv', target: 'b' })
    await tick(harness)
    expect(gone.ended).toBeUndefined()
    const { json } = await harness.request('GET', '/api/v1/apikeys')
    const { id } = await harness.server.core.authenticator.verify(hashOf(mine))
    expect(json.apiKeys).toHaveLength(3)
    await harness.request('DELETE', `/api/v1/apikeys/${id}`)
    await tick(harness, 5)
    expect(gone.frames.at(-1)).toMatchObject({ type: 'error', code: 'unauthenticated' })
    expect(gone.frames.at(-1)).not.toHaveProperty('sub')
    expect(gone.ended?.error).toMatchObject({ code: 'unauthenticated' })
    expect(stays.ended).toBeUndefined()
    expect(harness.server.core.watching.size).toBe(1)
    await harness.server.close()
  })

  test('by time: its streams end (W19)', async () => {
    let now = 1_700_000_000_000
    const harness = new Harness({ now: () => now })
    await harness.server.ready
    const key = await harness.key({ role: 'viewer', expiresAt: new Date(now + 60_000).toISOString() })
    const sink = await open(harness, key)
    await tick(harness)
    now += 60_000
    await tick(harness)
    expect(sink.ended?.error?.code).toBe('unauthenticated')
    await harness.server.close()
  })

  test('cannot be known while keys cannot be checked: the streams go on (W19)', async () => {
    const harness = new Harness()
    await harness.server.ready
    const sink = await open(harness, await harness.key({ role: 'viewer' }))
    const { get } = harness.engine
    harness.engine.get = () => Promise.reject(new Error('down'))
    harness.server.core.authenticator.forget()
    await tick(harness, 5)
    expect(sink.ended).toBeUndefined()
    harness.engine.get = get
    await harness.server.close()
  })
})

describe('limits', () => {
  test.each([
    ['streams', { streams: 2 }],
    ['streamsPerKey', { streamsPerKey: 2 }],
  ])('%s: one more is refused, and may come when another has gone', async (limit, limits) => {
    const harness = new Harness({ auth: 'none', limits })
    const [first] = [await open(harness, undefined), await open(harness, undefined)]
    await expect(open(harness, undefined)).rejects.toMatchObject({
      code: 'rate_limited',
      status: 429,
      details: { limit, max: 2 },
    })
    first?.session?.end()
    first?.session?.end()
    await open(harness, undefined)
    await harness.server.close()
  })

  test.each([
    ['subscriptionsPerStream', 'rate_limited', { subscriptionsPerStream: 1 }, undefined],
    ['filtersPerSubscription', 'invalid_request', { filtersPerSubscription: 1 }, ['a', 'b']],
  ])('%s is %s', async (limit, code, limits, filters) => {
    const harness = new Harness({ auth: 'none', limits })
    const { session } = await open(harness, undefined)
    session?.subscribe({ id: 'a', kind: 'kv', target: 'b' })
    const more = () => session?.subscribe({ id: 'b', kind: 'kv', target: 'b', filters })
    expect(more).toThrow(expect.objectContaining({ code, details: { limit, max: 1 } }))
    expect(more).toThrow(limit)
    await harness.server.close()
  })
})

describe('a server that stops', () => {
  test('says goodbye to everybody, with times that are spread (W23)', async () => {
    const harness = new Harness({ auth: 'none' })
    const sinks = await Promise.all(Array.from({ length: 2_000 }, () => open(harness, undefined)))
    harness.server.drain()
    const times = sinks.map((sink) => sink.last('goodbye').retryAfterMs)
    for (let start = 0; start < 20_000; start += 100) {
      const together = times.filter((time) => time >= start && time < start + 100).length
      expect(together).toBeLessThan(sinks.length * 0.15)
    }
    expect(sinks.every(({ ended }) => ended && !ended.error)).toBe(true)
    expect(harness.server.core.watching.size).toBe(0)
    await expect(open(harness, undefined)).rejects.toMatchObject({
      code: 'unavailable',
      retryAfterMs: expect.any(Number),
    })
  })
})

test('metrics tell who watches, how late, resets, resumes and what was left out', async () => {
  const harness = new Harness({ auth: 'none' })
  const sink = await open(harness, undefined)
  sink.session?.subscribe({ id: 'a', kind: 'kv', target: 'b' })
  sink.session?.subscribe({ id: 'b', kind: 'kv', target: 'b', cursor: 'old-1-1' })
  await settle()
  // Where there was no bucket the first change is read from the store; the next one is heard.
  await harness.put('b/keys/k', 1)
  await settle()
  await harness.put('b/keys/k', 2)
  sink.session?.subscribe({ id: 'c', kind: 'kv', target: 'b', cursor: sink.last('kv_update').cursor })
  await settle()
  const { text } = await harness.server.metrics()
  for (const line of [
    'ironflow_watchers{transport="in-process"} 3',
    'ironflow_watch_lag_seconds_count 2',
    'ironflow_watch_resets_total{reason="bucket_deleted"} 1',
    'ironflow_watch_resumes_total 2',
    'ironflow_watch_dropped_total 0',
  ]) {
    expect(text).toContain(`${line}\n`)
  }
  sink.session?.end()
  expect((await harness.server.metrics()).text).toContain('ironflow_watchers{transport="in-process"} 0\n')
})
