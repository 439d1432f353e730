import { expect, test } from 'vitest'
import { Idempotency } from '../../src/dispatch/idempotency'
import { Harness } from '../support/harness'

const named = (key: string) => ({ headers: { 'idempotency-key': key } })

test('a repeated create answers what the first one answered', async () => {
  const harness = new Harness()
  const create = { headers: { 'idempotency-key': 'one', 'if-none-match': '*' } }
  const first = await harness.put('b/keys/a', 1, create)
  const second = await harness.put('b/keys/a', 1, create)
  expect([first.status, second.status]).toEqual([200, 200])
  expect(second.json).toEqual(first.json)
  expect(second.headers.get('x-ironflow-revision')).toBe(first.headers.get('x-ironflow-revision'))
})

test('the same key with another body, or to another document, is a conflict', async () => {
  const harness = new Harness()
  await harness.put('b/keys/a', 1, named('one'))
  for (const answer of [
    await harness.put('b/keys/a', 2, named('one')),
    await harness.put('b/keys/c', 1, named('one')),
  ]) {
    expect({ status: answer.status, code: answer.json.code }).toEqual({ status: 422, code: 'idempotency_conflict' })
  }
  expect((await harness.get('b/keys/a')).json.value).toBe(1)
})

test('the same key of another principal, environment or method is another one', async () => {
  const harness = new Harness()
  await harness.put('b/keys/a', 1, named('one'))
  const key = await harness.key({ role: 'developer' })
  expect((await harness.put('b/keys/a', 2, { ...named('one'), key })).status).toBe(200)
  const elsewhere = { headers: { 'idempotency-key': 'one', 'x-ironflow-environment': 'qa' } }
  expect((await harness.put('b/keys/a', 3, elsewhere)).status).toBe(200)
  expect((await harness.request('POST', '/api/v1/config/a', { body: {}, ...named('one') })).status).toBe(200)
})

test('a call that failed is tried again', async () => {
  const harness = new Harness()
  const update = { headers: { 'idempotency-key': 'one', 'if-none-match': '*' } }
  await harness.put('b/keys/a', 1)
  expect((await harness.put('b/keys/a', 2, update)).status).toBe(412)
  await harness.request('DELETE', '/api/v1/kv/buckets/b/keys/a')
  expect((await harness.put('b/keys/a', 2, update)).status).toBe(200)
})

test('a repeated delete and a repeated new bucket answer as the first did', async () => {
  const harness = new Harness()
  await harness.put('b/keys/a', 1)
  const remove = () => harness.request('DELETE', '/api/v1/kv/buckets/b', named('one'))
  expect([(await remove()).status, (await remove()).status]).toEqual([204, 204])
  const make = () => harness.request('POST', '/api/v1/kv/buckets', { body: { name: 'c' }, ...named('two') })
  expect([(await make()).status, (await make()).status]).toEqual([201, 201])
})

test('an answer that holds a secret is not remembered', async () => {
  const harness = new Harness()
  const make = () =>
    harness.request('POST', '/api/v1/apikeys', { body: { name: 'x', role: 'viewer' }, ...named('one') })
  const [first, second] = [await make(), await make()]
  expect(second.status).toBe(201)
  expect(second.json.key).not.toBe(first.json.key)
})

test('a key is asked for again once it is over: no answer outlives the right to it', async () => {
  const harness = new Harness()
  const key = await harness.key({ role: 'developer' })
  await harness.put('b/keys/a', 1, { ...named('one'), key })
  const { json } = await harness.request('GET', '/api/v1/apikeys')
  const { id } = json.apiKeys.find(({ name }: { name: string }) => name === 'test')
  await harness.request('DELETE', `/api/v1/apikeys/${id}`)
  expect((await harness.put('b/keys/a', 1, { ...named('one'), key })).status).toBe(401)
})

test('another call with the key of one before a restart is made, and a repetition is recognised', async () => {
  const before = new Harness()
  const { json: first } = await before.put('b/keys/a', 1, named('one'))
  const after = new Harness({ engine: before.engine })
  const { json: other } = await after.put('b/keys/c', 1, named('one'))
  expect(other.revision).toBeGreaterThan(first.revision)
  expect((await after.get('b/keys/c')).json.value).toBe(1)
  const again = new Harness({ engine: before.engine })
  expect((await again.put('b/keys/a', 1, named('one'))).json).toEqual(first)
})

test('the window does not follow the wall clock', async () => {
  let now = Date.parse('2030-01-01T00:00:00Z')
  const harness = new Harness({ now: () => now })
  const { json: first } = await harness.put('b/keys/a', 1, named('one'))
  now += 86_400_000
  expect((await harness.put('b/keys/a', 1, named('one'))).json).toEqual(first)
})

test.each([
  ['text', 'text/plain'],
  ['bytes', 'application/octet-stream'],
])('a long value of %s is told from another one', async (_, type) => {
  const harness = new Harness()
  const put = (body: string) =>
    harness.put('b/keys/a', body, { headers: { 'idempotency-key': 'one', 'content-type': type } })
  const value = 'x'.repeat(200_000)
  const [first, second] = await Promise.all([put(value), put(value)])
  expect([first.status, second.json]).toEqual([200, first.json])
  expect((await put(`${value}y`)).status).toBe(422)
  expect((await put(`y${value.slice(1)}`)).status).toBe(422)
})

test('a value as text and the same as bytes are told apart', async () => {
  const harness = new Harness()
  const put = (type: string) =>
    harness.put('b/keys/a', 'x'.repeat(1_000), { headers: { 'idempotency-key': 'one', 'content-type': type } })
  expect((await put('text/plain')).status).toBe(200)
  expect((await put('application/octet-stream')).status).toBe(422)
})

const SCOPE = { environment: 'e', principal: 'p', method: 'm', key: 'k' }
const LIMITS = { idempotencyEntries: 100, idempotencyWindowMs: 120_000 }
const answer = (revision: number) => ({ result: { revision, epoch: 'e' } })

test('concurrent duplicates wait for the first and share its answer', async () => {
  const idempotency = new Idempotency(LIMITS, () => 0)
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  let runs = 0
  const work = async () => {
    runs++
    await gate
    return answer(runs)
  }
  const calls = Array.from({ length: 8 }, () => idempotency.once(SCOPE, { a: 1 }, work))
  open()
  expect(await Promise.all(calls)).toEqual(Array.from({ length: 8 }, () => answer(1)))
  expect(runs).toBe(1)
})

test('where the first fails, one of those who wait is the next', async () => {
  const idempotency = new Idempotency(LIMITS, () => 0)
  let runs = 0
  const work = async () => {
    runs++
    await Promise.resolve()
    if (runs === 1) throw new Error('first')
    return answer(runs)
  }
  const results = await Promise.allSettled(Array.from({ length: 4 }, () => idempotency.once(SCOPE, {}, work)))
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled'])
  expect(runs).toBe(2)
})

test('a key is remembered for its window and not longer', async () => {
  let now = 0
  const idempotency = new Idempotency(LIMITS, () => now)
  let runs = 0
  const once = () => idempotency.once(SCOPE, {}, async () => answer(++runs))
  await once()
  now = 119_999
  expect(await once()).toEqual(answer(1))
  now = 120_000
  expect(await once()).toEqual(answer(2))
})

test('beyond its bound the oldest keys are forgotten', async () => {
  const idempotency = new Idempotency({ ...LIMITS, idempotencyEntries: 2 }, () => 0)
  let runs = 0
  const once = (key: string) => idempotency.once({ ...SCOPE, key }, {}, async () => answer(++runs))
  for (const key of ['a', 'b', 'c']) await once(key)
  expect(await once('c')).toEqual(answer(3))
  expect(await once('a')).toEqual(answer(4))
})
