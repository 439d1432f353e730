import type { Subscription } from '@ironflow/core/protocol'
import { afterEach, expect, test } from 'vitest'
import type { ServerOptions } from '../../src'
import { type Listening, serve } from '../../src/node'
import { ADMIN_KEY, Harness } from '../support/harness'
import { settle } from '../support/recording-sink'

const KV: Subscription = { id: 's', kind: 'kv', target: 'b' }

let harness: Harness
let listening: Listening | undefined

const start = (options: Partial<ServerOptions> = {}) => {
  harness = new Harness(options)
}
const poll = async (subscriptions: object[], waitMs: number | string = 10_000, key?: string) => {
  const target = `/api/v1/watch?waitMs=${waitMs}`
  const { status, json } = await harness.request('POST', target, { body: { subscriptions }, key })
  return { status, ...json }
}
const types = ({ frames }: { frames: { type: string }[] }) => frames.map(({ type }) => type)

afterEach(async () => {
  await listening?.close()
  listening = undefined
  await harness.server.close()
  expect(harness.server.core.watching.size).toBe(0)
  await harness.engine.close()
})

test('the first answer has the current values of all, and their cursors, at once', async () => {
  start()
  await harness.put('b/keys/a', 1)
  const answer = await poll([KV, { id: 'c', kind: 'config', target: 'limits' }])
  expect(answer.status).toBe(200)
  expect(types(answer).sort()).toEqual(['kv_update', 'synced', 'synced'])
  expect(Object.keys(answer.cursors)).toEqual(['s', 'c'])
})

test('the next one waits for a change, and has what was written together', async () => {
  start()
  const { cursors } = await poll([KV])
  const waiting = poll([{ ...KV, cursor: cursors.s }])
  await settle()
  await harness.put('b/keys/a', 1)
  const answer = await waiting
  expect(types(answer)).toEqual(['synced', 'kv_update'])
  await harness.put('b/keys/b', 2)
  await harness.put('b/keys/c', 3)
  const next = await poll([{ ...KV, cursor: answer.cursors.s }])
  expect(next.frames).toMatchObject([{ key: 'b' }, { key: 'c' }, { type: 'synced' }])
})

test('an answer without news comes when the time is up, with cursors', async () => {
  start()
  await harness.put('b/keys/a', 1)
  const { cursors } = await poll([KV])
  const began = Date.now()
  const answer = await poll([{ ...KV, cursor: cursors.s }], 60)
  expect(Date.now() - began).toBeGreaterThanOrEqual(50)
  expect(types(answer)).toEqual(['synced'])
  expect(answer.cursors.s).toEqual(expect.any(String))
})

test('subscriptions beyond the limit have an error each, and the others are carried', async () => {
  start({ limits: { subscriptionsPerStream: 3 } })
  const all = Array.from({ length: 5 }, (_, n) => ({ id: `${n}`, kind: 'kv', target: 'b', filters: [`k${n}`] }))
  const first = await poll(all)
  expect(first.frames.filter(({ type }: { type: string }) => type === 'error')).toMatchObject([
    { sub: '3', code: 'rate_limited', detail: expect.stringContaining('subscriptionsPerStream') },
    { sub: '4', code: 'rate_limited' },
  ])
  expect(Object.keys(first.cursors)).toEqual(['0', '1', '2'])

  // Asked again with all of them, it waits for what happens to those that it carries.
  const waiting = poll(all.map((each) => ({ ...each, cursor: first.cursors[each.id] })))
  await settle()
  expect(harness.server.core.watching.size).toBe(1)
  await harness.put('b/keys/k2', 1)
  const answer = await waiting
  expect(types(answer)).toEqual(['error', 'error', 'synced', 'synced', 'synced', 'kv_update'])
})

test.each([
  ['some', [KV, { ...KV, id: 'x' }], ['error', 'synced']],
  ['all', [{ ...KV, id: 'y', target: 'c' }], ['error']],
])(
  'where %s are refused and nothing happens, the answer comes after a second, not at once',
  async (_, wanted, expected) => {
    start({ limits: { subscriptionsPerStream: 1 } })
    const key = await harness.key({ role: 'viewer', scopes: ['read:kv:b'] })
    const { cursors } = await poll([KV], 0, key)
    const began = Date.now()
    const answer = await poll(
      wanted.map((each) => ({ ...each, cursor: cursors[each.id] })),
      20_000,
      key,
    )
    expect(types(answer).sort()).toEqual(expected)
    expect(Date.now() - began).toBeGreaterThanOrEqual(990)
  },
)

test('without time to wait, values come whole all the same', async () => {
  start()
  for (let n = 0; n < 100; n++) await harness.put(`b/keys/k.${n}`, n)
  const answer = await poll([KV], 0)
  expect(answer.frames).toHaveLength(101)
  expect(answer.cursors.s).toBeDefined()
})

test('a bucket that is deleted is a reset with the values, in one answer', async () => {
  start()
  await harness.put('b/keys/a', 1)
  const { cursors } = await poll([KV])
  const waiting = poll([{ ...KV, cursor: cursors.s }])
  await settle()
  await harness.request('DELETE', '/api/v1/kv/buckets/b')
  expect(types(await waiting)).toEqual(['synced', 'reset', 'synced'])
})

test('what happened while nobody polled comes in parts that can be gone on from, if it is much', async () => {
  start()
  const { cursors } = await poll([KV])
  for (let n = 0; n < 40; n++) await harness.put(`b/keys/k.${n}`, JSON.stringify('x'.repeat(100_000)))
  const seen = new Set<string>()
  let answers = 0
  for (let cursor = cursors.s; seen.size < 40; answers++) {
    const answer = await poll([{ ...KV, cursor }], 1_000)
    for (const frame of answer.frames) if (frame.key) seen.add(frame.key)
    cursor = answer.cursors.s
    expect(answers).toBeLessThan(10)
  }
  expect(answers).toBeGreaterThan(1)
})

test('current values beyond what an answer may hold are refused, naming the limit', async () => {
  start({ limits: { pollAnswerBytes: 100_000 } })
  for (let n = 0; n < 3; n++) await harness.put(`b/keys/k.${n}`, JSON.stringify('x'.repeat(50_000)))
  expect(await poll([KV])).toMatchObject({ status: 413, details: { limit: 'pollAnswerBytes' } })
})

test.each(['-1', '60001', 'soon'])('waitMs=%s is refused', async (waitMs) => {
  start()
  expect(await poll([KV], waitMs)).toMatchObject({ status: 400, fields: { waitMs: expect.any(String) } })
})

test('a body that is no JSON by its type is refused', async () => {
  start()
  const headers = { 'content-type': 'text/plain' }
  const { status } = await harness.request('POST', '/api/v1/watch', { body: { subscriptions: [KV] }, headers })
  expect(status).toBe(415)
})

test('a server that stops answers those who wait', async () => {
  start()
  const { cursors } = await poll([KV])
  const waiting = poll([{ ...KV, cursor: cursors.s }])
  await settle()
  harness.server.drain()
  expect(types(await waiting)).toEqual(['synced', 'goodbye'])
  expect(await poll([KV])).toMatchObject({ status: 503, code: 'unavailable' })
})

test('a client that goes while it waits leaves nothing behind', async () => {
  start()
  listening = await serve(harness.server, { port: 0 })
  const { cursors } = await poll([KV])
  const abort = new AbortController()
  const waiting = fetch(`${listening.url}/api/v1/watch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ subscriptions: [{ ...KV, cursor: cursors.s }] }),
    signal: abort.signal,
  })
  const until = async (size: number) => {
    const deadline = Date.now() + 5_000
    while (harness.server.core.watching.size !== size && Date.now() < deadline) await settle()
    expect(harness.server.core.watching.size).toBe(size)
  }
  await until(1)
  abort.abort()
  await expect(waiting).rejects.toThrow()
  await until(0)
})
