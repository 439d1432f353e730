import { METHODS, type MethodName, methodRow, type Role } from '@ironflow/core/protocol'
import { beforeEach, expect, test } from 'vitest'
import { Harness } from '../support/harness'
import { REQUESTS } from '../support/requests'

const harness = new Harness()

const METHOD_NAMES = Object.keys(METHODS) as MethodName[]
const ALLOWED: Record<Role, string[]> = {
  viewer: ['read'],
  developer: ['read', 'write'],
  admin: ['read', 'write', 'admin'],
}

const ask = async (method: MethodName, key: string | null) => {
  const [verb, target, body, headers] = REQUESTS[method]
  return harness.request(verb, target, { body, headers, key })
}

// Before each, since some of the requests delete what others ask for.
beforeEach(async () => {
  await harness.request('POST', '/api/v1/config/app-a', { body: {} })
  await harness.request('POST', '/api/v1/config/other', { body: {} })
  await harness.put('sessions/keys/a', 1)
  await harness.put('secrets/keys/a', 1)
})

for (const role of ['viewer', 'developer', 'admin'] as const) {
  test.each(METHOD_NAMES)(`a ${role} may call %s exactly if its access is the role's`, async (method) => {
    const { status } = await ask(method, await harness.key({ role }))
    if (ALLOWED[role].includes(methodRow(method).access)) expect([401, 403]).not.toContain(status)
    else expect(status).toBe(403)
  })
}

test.each(METHOD_NAMES)('%s without a key is a 401 that says how to bring one', async (method) => {
  const { status, json, headers } = await ask(method, null)
  expect({ status, code: json.code }).toEqual({ status: 401, code: 'unauthenticated' })
  expect(headers.get('www-authenticate')).toContain('Bearer')
})

test('a scope to write does not imply reading', async () => {
  const key = await harness.key({ role: 'developer', scopes: ['write:kv:sessions'] })
  expect((await ask('kv.put', key)).status).toBe(200)
  expect((await ask('kv.get', key)).status).toBe(403)
  expect((await ask('kv.listBuckets', key)).status).toBe(403)
})

test('a scope to write does not make a viewer a writer', async () => {
  const key = await harness.key({ role: 'viewer', scopes: ['write:kv:sessions', 'read:kv:sessions'] })
  expect((await ask('kv.put', key)).status).toBe(403)
  expect((await ask('kv.get', key)).status).toBe(200)
})

test('a scope for one bucket is none for another, nor for documents', async () => {
  const key = await harness.key({ role: 'developer', scopes: ['read:kv:sessions', 'write:kv:sessions'] })
  for (const target of ['secrets/keys/a', 'secrets/keys', 'secrets', 'session/keys/a', 'sessions2/keys/a']) {
    expect((await harness.get(target, { key })).status, target).toBe(403)
  }
  expect((await ask('config.get', key)).status).toBe(403)
  expect((await harness.request('POST', '/api/v1/kv/buckets', { body: { name: 'other' }, key })).status).toBe(403)
})

test('a scope with a star reaches what begins so, and nothing else', async () => {
  const key = await harness.key({ role: 'viewer', scopes: ['read:config:app-*'] })
  expect((await ask('config.get', key)).status).toBe(200)
  expect((await harness.request('GET', '/api/v1/config/other', { key })).status).toBe(403)
  expect((await harness.request('GET', '/api/v1/config/ap', { key })).status).toBe(403)
})

test('lists show what the scopes admit', async () => {
  const key = await harness.key({ role: 'viewer', scopes: ['read:config:app-*', 'read:kv:sess*'] })
  await harness.put('sessions/keys/a', 1)
  const configs = await ask('config.list', key)
  expect(configs.json.configs.map(({ name }: { name: string }) => name)).toEqual(['app-a'])
  expect(configs.json.count).toBe(1)
  const buckets = await ask('kv.listBuckets', key)
  expect(buckets.json.buckets.map(({ name }: { name: string }) => name)).toEqual(['sessions'])
})

test('metrics show the buckets that the key may read', async () => {
  await harness.put('sessions/keys/a', 1)
  const key = await harness.key({ role: 'viewer', scopes: ['read:kv:sessions'] })
  const { text } = await harness.request('GET', '/metrics', { key })
  expect(text).toContain('ironflow_bucket_values{environment="default",bucket="sessions"} ')
  expect(text).not.toContain('secrets')
  expect((await harness.request('GET', '/metrics')).text).toContain('bucket="secrets"')
})

test('a key with scopes makes no key that may do more', async () => {
  const scopes = ['admin:apikeys:*', 'read:kv:app-*']
  const key = await harness.key({ role: 'admin', scopes })
  const create = async (body: object) => (await harness.request('POST', '/api/v1/apikeys', { body, key })).status
  const wanted = { name: 'x', role: 'viewer' }
  expect(await create(wanted)).toBe(403)
  expect(await create({ ...wanted, scopes: ['read:kv:*'] })).toBe(403)
  expect(await create({ ...wanted, scopes: ['write:kv:app-a'] })).toBe(403)
  expect(await create({ ...wanted, scopes: ['read:kv:app-a', 'read:kv:app-b*'] })).toBe(201)
})

test('an admin with scopes for data manages no keys', async () => {
  const key = await harness.key({ role: 'admin', scopes: ['read:kv:*', 'write:kv:*'] })
  expect((await ask('admin.apiKeys.list', key)).status).toBe(403)
  expect((await ask('admin.apiKeys.create', key)).status).toBe(403)
})
