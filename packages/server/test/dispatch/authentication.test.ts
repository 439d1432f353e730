import { errorFor } from '@ironflow/core/errors'
import { expect, test, vi } from 'vitest'
import { bucketDefaults, createMemoryEngine, type Engine } from '../../src'
import { ADMIN_KEY, Harness } from '../support/harness'

const CONFIG = '/api/v1/config'

test.each([
  ['an unknown key', `Bearer ifkey_${'b'.repeat(48)}`],
  ['a key that is none', 'Bearer hunter2'],
  ['an empty key', 'Bearer '],
  ['a key in capitals', `Bearer ${ADMIN_KEY.toUpperCase()}`],
  ['a key with more behind it', `Bearer ${ADMIN_KEY}0`],
  ['another scheme', `Basic ${btoa(`admin:${ADMIN_KEY}`)}`],
  ['a key without a scheme', ADMIN_KEY],
  ['two keys', `Bearer ${ADMIN_KEY}, Bearer ${ADMIN_KEY}`],
])('%s is a 401', async (_, authorization) => {
  const harness = new Harness()
  const { status, json } = await harness.request('GET', CONFIG, { key: null, headers: { authorization } })
  expect({ status, code: json.code }).toEqual({ status: 401, code: 'unauthenticated' })
  expect((await harness.request('GET', CONFIG)).status).toBe(200)
})

test('a key counts until the moment it expires, also once it is known', async () => {
  let now = Date.parse('2030-01-01T00:00:00Z')
  const harness = new Harness({ now: () => now })
  const key = await harness.key({ role: 'viewer', expiresAt: '2030-01-01T00:01:00Z' })
  now += 59_999
  expect((await harness.request('GET', CONFIG, { key })).status).toBe(200)
  now += 1
  const { status, json } = await harness.request('GET', CONFIG, { key })
  expect(status).toBe(401)
  expect(json.detail).toContain('expired')
})

test('a revoked key is refused at once, also once it was known', async () => {
  const harness = new Harness()
  const key = await harness.key({ role: 'viewer' })
  expect((await harness.request('GET', CONFIG, { key })).status).toBe(200)
  const { json } = await harness.request('GET', '/api/v1/apikeys')
  const { id } = json.apiKeys.find(({ name }: { name: string }) => name === 'test')
  expect((await harness.request('DELETE', `/api/v1/apikeys/${id}`)).status).toBe(204)
  expect((await harness.request('GET', CONFIG, { key })).status).toBe(401)
})

test('a key that another server revoked is refused as soon as the store tells of it', async () => {
  const engine = createMemoryEngine({ bucketDefaults: bucketDefaults() })
  const [one, other] = [new Harness({ engine }), new Harness({ engine })]
  const key = await one.key({ role: 'viewer' })
  expect((await other.request('GET', CONFIG, { key })).status).toBe(200)
  const { json } = await one.request('GET', '/api/v1/apikeys')
  const { id } = json.apiKeys.find(({ name }: { name: string }) => name === 'test')
  await one.request('DELETE', `/api/v1/apikeys/${id}`)
  expect((await other.request('GET', CONFIG, { key })).status).toBe(401)
})

test('a known key costs no look into the store', async () => {
  const { engine, reads } = counting()
  const harness = new Harness({ engine })
  await harness.server.ready
  await harness.request('GET', CONFIG)
  const before = reads.length
  await harness.request('GET', CONFIG)
  expect(reads.slice(before)).toEqual([])
})

test('a key that is no key by its looks never reaches the store', async () => {
  const { engine, reads } = counting()
  const harness = new Harness({ engine })
  await harness.server.ready
  const before = reads.length
  await harness.request('GET', CONFIG, { key: 'bootstrap' })
  expect(reads.slice(before)).toEqual([])
})

test('a store of keys that is down is a 503, and a key that is known goes on', async () => {
  const { engine, reads } = counting()
  const harness = new Harness({ engine })
  const key = await harness.key({ role: 'viewer' })
  await harness.request('GET', CONFIG)
  reads.broken = true
  const { status, json, headers } = await harness.request('GET', CONFIG, { key })
  expect({ status, code: json.code }).toEqual({ status: 503, code: 'unavailable' })
  expect(headers.get('retry-after')).toBe('1')
  expect((await harness.request('GET', CONFIG)).status).toBe(200)
})

test('a key that is revoked while it is looked up is not kept', async () => {
  const { engine, reads } = counting()
  const harness = new Harness({ engine })
  const key = await harness.key({ role: 'viewer' })
  const { json } = await harness.request('GET', '/api/v1/apikeys')
  const { id } = json.apiKeys.find(({ name }: { name: string }) => name === 'test')
  let release = () => {}
  reads.held = new Promise<void>((resolve) => {
    release = resolve
  })
  const early = harness.request('GET', CONFIG, { key })
  await vi.waitFor(() => expect(reads).toContain(id))
  reads.held = undefined
  await harness.engine.delete('SYS_apikeys', id)
  release()
  expect((await early).status).toBe(200)
  expect((await harness.request('GET', CONFIG, { key })).status).toBe(401)
})

test('the list of keys holds no secret and no hash', async () => {
  const harness = new Harness()
  const key = await harness.key({ role: 'viewer', scopes: ['read:kv:a'], environment: 'prod' })
  const { text, json } = await harness.request('GET', '/api/v1/apikeys')
  expect(text).not.toContain(key)
  expect(text).not.toMatch(/[0-9a-f]{33}/)
  const made = json.apiKeys.find(({ name }: { name: string }) => name === 'test')
  expect(made).toMatchObject({ role: 'viewer', scopes: ['read:kv:a'], environment: 'prod' })
})

test('a record under the name of a key counts only with its whole hash', async () => {
  const harness = new Harness()
  const key = await harness.key({ role: 'viewer' })
  const { entries } = await harness.engine.entries('SYS_apikeys', { limit: 100, values: true })
  const entry = entries.find(({ value }) => value?.encoding === 'json' && value.text.includes('"test"'))
  const text = entry?.value?.encoding === 'json' ? entry.value.text : ''
  const forged = text.replace(/("hash":"[0-9a-f]{32})[0-9a-f]{32}/, `$1${'0'.repeat(32)}`)
  expect(forged).not.toBe(text)
  await harness.engine.put('SYS_apikeys', entry?.key ?? '', { encoding: 'json', text: forged })
  expect((await harness.request('GET', CONFIG, { key })).status).toBe(401)
})

test('what is stored of a key is its hash', async () => {
  const harness = new Harness()
  const key = await harness.key({ role: 'viewer' })
  const { entries } = await harness.engine.entries('SYS_apikeys', { limit: 100, values: true })
  expect(JSON.stringify(entries)).not.toContain(key.slice('ifkey_'.length))
})

test('a key made for an unknown purpose cannot be revoked twice', async () => {
  const harness = new Harness()
  await harness.key({ role: 'viewer' })
  const { json } = await harness.request('GET', '/api/v1/apikeys')
  const { id } = json.apiKeys.find(({ name }: { name: string }) => name === 'test')
  expect((await harness.request('DELETE', `/api/v1/apikeys/${id}`)).status).toBe(204)
  expect((await harness.request('DELETE', `/api/v1/apikeys/${id}`)).status).toBe(404)
  expect((await harness.request('DELETE', '/api/v1/apikeys/bootstrap')).status).toBe(404)
})

/** A memory engine that notes which keys are looked up, and on request fails to or holds back what it found. */
function counting() {
  const inner = createMemoryEngine({ bucketDefaults: bucketDefaults() })
  const reads: string[] & { broken?: boolean; held?: Promise<void> | undefined } = []
  const engine = new Proxy(inner, {
    get(target, name) {
      const member = Reflect.get(target, name) as unknown
      if (name === 'get') {
        return async (...args: Parameters<Engine['get']>) => {
          if (args[0] === 'SYS_apikeys') reads.push(args[1])
          if (reads.broken) throw errorFor('unavailable', 'down')
          const entry = await target.get(...args)
          await reads.held
          return entry
        }
      }
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
  return { engine, reads }
}
