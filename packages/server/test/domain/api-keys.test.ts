import type { ApiKey, NewApiKey, Role } from '@ironflow/core/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bucketDefaults, createMemoryEngine } from '../../src'
import { ApiKeys } from '../../src/domain/api-keys'
import { hashOf } from '../../src/domain/key-records'
import { type Principal, principalOf } from '../../src/domain/principal'
import { covers } from '../../src/domain/rights'
import { Harness, type Sent } from '../support/harness'

const START = Date.parse('2030-01-01T00:00:00Z')
const at = (seconds: number) => new Date(START + seconds * 1_000).toISOString()
const API_KEYS = '/api/v1/apikeys'
const MANAGER = ['admin:apikeys:*', 'read:kv:app-*']

const harnessAt = (now: { ms: number }) => new Harness({ now: () => now.ms })
const ids = ({ json }: { json: { apiKeys: ApiKey[] } }) => json.apiKeys.map(({ id }) => id).sort()

/** Makes a key and returns it whole. */
async function made(harness: Harness, wanted: Omit<NewApiKey, 'name'>, by?: Sent['key']) {
  const { status, json } = await harness.request('POST', API_KEYS, { body: { name: 'x', ...wanted }, key: by })
  return { status, json }
}

test('a key without an expiry of its own inherits that of the key that makes it', async () => {
  const harness = harnessAt({ ms: START })
  const maker = await harness.key({ role: 'admin', expiresAt: at(2) })
  const { status, json } = await made(harness, { role: 'admin' }, maker)
  expect(status).toBe(201)
  expect(json.expiresAt).toBe(at(2))
})

test('a key that would outlive the key that makes it is refused, by name of the parameter', async () => {
  const harness = harnessAt({ ms: START })
  const maker = await harness.key({ role: 'admin', expiresAt: at(2) })
  for (const expiresAt of [at(2.001), at(1_000), '2030-01-01T01:00:00+00:30']) {
    const { status, json } = await made(harness, { role: 'viewer', expiresAt }, maker)
    expect({ status, code: json.code }).toEqual({ status: 403, code: 'unauthorized' })
    expect(json.fields).toEqual({ expiresAt: expect.stringContaining(at(2)) })
  }
  for (const expiresAt of [at(1), at(2), '2030-01-01T01:00:02+01:00']) {
    expect((await made(harness, { role: 'viewer', expiresAt }, maker)).status).toBe(201)
  }
})

test('keys made by a key that expires expire with it, and so do those that they make', async () => {
  const now = { ms: START }
  const harness = harnessAt(now)
  const maker = await harness.key({ role: 'admin', expiresAt: at(2) })
  const child = await harness.key({ role: 'admin' }, maker)
  const grandchild = await harness.key({ role: 'admin' }, child)
  now.ms += 1_999
  expect((await harness.request('GET', API_KEYS, { key: grandchild })).status).toBe(200)
  now.ms += 1
  for (const key of [maker, child, grandchild]) {
    expect((await harness.request('GET', API_KEYS, { key })).status).toBe(401)
  }
})

test('pages of keys are bounded by bytes, and together show every key once', async () => {
  const pageBytes = 65_536
  const harness = new Harness({ limits: { pageBytes } })
  const scopes = Array.from({ length: 100 }, (_, n) => `read:config:${'n'.repeat(120)}${n}*`)
  const before = ids(await harness.request('GET', API_KEYS))
  const keys = [...before]
  for (let n = 0; n < 12; n++) keys.push((await made(harness, { role: 'viewer', scopes })).json.id)
  const seen: string[] = []
  for (let cursor = ''; ; ) {
    const page = await harness.request('GET', `${API_KEYS}${cursor}`)
    expect(page.text.length).toBeLessThan(pageBytes + 1_000)
    seen.push(...ids(page))
    if (page.json.nextCursor === undefined) break
    cursor = `?cursor=${encodeURIComponent(page.json.nextCursor)}`
  }
  expect(seen.sort()).toEqual(keys.sort())
})

test('an admin with scopes sees and revokes only keys within them', async () => {
  const harness = new Harness()
  const manager = (await made(harness, { role: 'admin', scopes: MANAGER })).json
  const within = (await made(harness, { role: 'developer', scopes: ['read:kv:app-a'] })).json
  const others = [
    await made(harness, { role: 'viewer' }),
    await made(harness, { role: 'admin' }),
    await made(harness, { role: 'viewer', scopes: ['read:kv:*'] }),
    await made(harness, { role: 'viewer', scopes: ['read:kv:app-a', 'read:config:app-a'] }),
  ]
  expect(ids(await harness.request('GET', API_KEYS, { key: manager.key }))).toEqual([manager.id, within.id].sort())
  for (const { json } of others) {
    const { status, json: problem } = await harness.request('DELETE', `${API_KEYS}/${json.id}`, { key: manager.key })
    expect({ status, code: problem.code }).toEqual({ status: 404, code: 'not_found' })
    expect((await harness.request('GET', '/api/v1/environments', { key: json.key })).status).not.toBe(401)
  }
  for (const { id } of [within, manager]) {
    expect((await harness.request('DELETE', `${API_KEYS}/${id}`, { key: manager.key })).status).toBe(204)
  }
})

test('a key that expires sees and revokes keys that do not, as long as it lasts', async () => {
  const harness = harnessAt({ ms: START })
  const maker = await harness.key({ role: 'admin', expiresAt: at(2) })
  const { json } = await made(harness, { role: 'viewer' })
  expect(ids(await harness.request('GET', API_KEYS, { key: maker }))).toContain(json.id)
  expect((await harness.request('DELETE', `${API_KEYS}/${json.id}`, { key: maker })).status).toBe(204)
})

const SCOPES = ['admin:apikeys:*', 'read:kv:*', 'read:kv:a*', 'read:kv:ab', 'write:config:a*', 'write:config:ab']
const wantedKey = fc.record({
  name: fc.constant('x'),
  role: fc.constantFrom<Role>('viewer', 'developer', 'admin'),
  environment: fc.constantFrom(undefined, 'prod', 'qa'),
  expiresAt: fc.constantFrom(undefined, at(10), at(20), at(30)),
  scopes: fc.option(fc.uniqueArray(fc.constantFrom(...SCOPES), { minLength: 1 }), { nil: undefined }),
})

test('no sequence of created keys reaches more rights, or more time, than any of their makers', {
  timeout: 30_000,
}, async () => {
  const steps = fc.array(fc.record({ by: fc.nat(), wanted: wantedKey }), { minLength: 1, maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(wantedKey, steps, async (root, sequence) => {
      const engine = createMemoryEngine({ bucketDefaults: bucketDefaults() })
      const apiKeys = new ApiKeys(engine, () => START)
      const keys: Array<{ principal: Principal; maker?: Principal }> = []
      const add = async (maker: Principal, wanted: NewApiKey) => {
        const { result } = await apiKeys.create(maker, wanted)
        const record = await apiKeys.find(hashOf(result.key))
        if (record) keys.push({ principal: principalOf(record), maker })
      }
      await add({ id: 'anybody', role: 'admin' }, root)
      for (const { by, wanted } of sequence) {
        const maker = keys[by % keys.length]?.principal as Principal
        await add(maker, wanted).catch((error) => expect(error).toMatchObject({ code: 'unauthorized' }))
      }
      const first = keys[0]?.principal as Principal
      for (const { principal, maker } of keys) {
        for (const above of [maker, first]) {
          expect(covers(above as Principal, principal)).toBe(true)
          const [end, bound] = [principal.expiresAt, above?.expiresAt].map((each) => each ?? Number.POSITIVE_INFINITY)
          expect(end).toBeLessThanOrEqual(bound as number)
        }
      }
      await engine.close()
    }),
  )
})
