import { beforeAll, describe, expect, test } from 'vitest'
import { unknownEnvironment } from '../../src/domain/wording'
import { Harness } from '../support/harness'

const within = (environment: string) => ({ headers: { 'x-ironflow-environment': environment } })

describe('environments whose names run into each other', () => {
  const harness = new Harness()
  // Stored names must not meet: prod + eu-flags and prod-eu + flags.
  beforeAll(async () => {
    await harness.put('eu-flags/keys/a', 'of prod', within('prod'))
    await harness.put('eu-flags/keys/a', '"of prod"', within('prod'))
    await harness.put('flags/keys/a', '"of prod-eu"', within('prod-eu'))
    await harness.request('POST', '/api/v1/config/limits', { body: { of: 'prod' }, ...within('prod') })
  })

  test('each sees its own buckets', async () => {
    const names = async (environment: string) =>
      (await harness.request('GET', '/api/v1/kv/buckets', within(environment))).json.buckets.map(
        ({ name }: { name: string }) => name,
      )
    expect(await names('prod')).toEqual(['eu-flags'])
    expect(await names('prod-eu')).toEqual(['flags'])
    expect(await names('pro')).toEqual([])
    expect(await names('eu')).toEqual([])
  })

  test('neither reads the other by any bucket name', async () => {
    expect((await harness.get('eu-flags/keys/a', within('prod-eu'))).status).toBe(404)
    expect((await harness.get('flags/keys/a', within('prod'))).status).toBe(404)
    expect((await harness.get('prod_eu-flags/keys/a', within('default'))).status).toBe(404)
    expect((await harness.get('eu_flags/keys/a', within('prod'))).status).toBe(404)
    expect((await harness.get('eu-flags/keys', within('prod-eu'))).json.keys).toEqual([])
  })

  test('documents stay in theirs', async () => {
    expect((await harness.request('GET', '/api/v1/config/limits', within('prod'))).status).toBe(200)
    expect((await harness.request('GET', '/api/v1/config/limits', within('prod-eu'))).status).toBe(404)
    expect((await harness.request('GET', '/api/v1/config', within('prod-eu'))).json.configs).toEqual([])
  })

  test('both are listed, once each, and the store of keys is none', async () => {
    expect((await harness.request('GET', '/api/v1/environments')).json.environments).toEqual(['prod', 'prod-eu'])
  })

  test('an error speaks of the bucket by its own name', async () => {
    const { text } = await harness.request('DELETE', '/api/v1/kv/buckets/none', within('prod'))
    expect(text).toContain('no bucket \\"none\\" in environment \\"prod\\"')
    const tight = { name: 'tight', maxBytes: 1 }
    await harness.request('POST', '/api/v1/kv/buckets', { body: tight, ...within('prod') })
    const full = await harness.put('tight/keys/a', '"too much"', within('prod'))
    expect(full.status).toBe(507)
    expect(full.text).not.toContain('APP_')
  })

  test('a key of one environment is refused in the other, by header and without one', async () => {
    const key = await harness.key({ role: 'admin', environment: 'prod' })
    expect((await harness.get('eu-flags/keys/a', { key })).json).toMatchObject({ value: 'of prod' })
    expect((await harness.get('eu-flags/keys/a', { key, ...within('prod') })).status).toBe(200)
    expect((await harness.get('flags/keys/a', { key, ...within('prod-eu') })).status).toBe(403)
    expect((await harness.request('GET', '/api/v1/environments', { key })).json.environments).toEqual(['prod'])
    const { text } = await harness.request('GET', '/metrics', { key })
    expect(text).toContain('bucket="eu-flags"')
    expect(text).not.toContain('prod-eu')
  })

  test('an admin of one environment manages keys of that one', async () => {
    const other = await harness.request('POST', '/api/v1/apikeys', { body: { name: 'other', role: 'viewer' } })
    const key = await harness.key({ role: 'admin', environment: 'prod' })
    const create = (body: object) => harness.request('POST', '/api/v1/apikeys', { body, key })
    expect((await create({ name: 'x', role: 'viewer', environment: 'prod-eu' })).status).toBe(403)
    expect((await create({ name: 'x', role: 'viewer' })).json.environment).toBe('prod')
    const { json } = await harness.request('GET', '/api/v1/apikeys', { key })
    for (const each of json.apiKeys) expect(each.environment).toBe('prod')
    expect((await harness.request('DELETE', `/api/v1/apikeys/${other.json.id}`, { key })).status).toBe(404)
  })
})

test('the environment is the header, else the key’s own, else default, and answers say which', async () => {
  const harness = new Harness()
  const key = await harness.key({ role: 'developer', environment: 'staging' })
  const environment = async (sent: object) =>
    (await harness.request('GET', '/api/v1/config', sent)).headers.get('x-ironflow-environment')
  expect(await environment({ headers: { 'x-ironflow-environment': 'qa' } })).toBe('qa')
  expect(await environment({ key })).toBe('staging')
  expect(await environment({})).toBe('default')
})

test('a 404 says in which environment nothing was found', async () => {
  const harness = new Harness()
  const { status, headers } = await harness.request('GET', '/api/v1/config/a', within('prodd'))
  expect(status).toBe(404)
  expect(headers.get('x-ironflow-environment')).toBe('prodd')
})

test('a server that knows its environments refuses any other', async () => {
  const harness = new Harness({ environments: ['prod'] })
  expect((await harness.request('GET', '/api/v1/config', within('prod'))).status).toBe(200)
  const { status, json } = await harness.request('GET', '/api/v1/config', within('prodd'))
  expect(status).toBe(400)
  expect(json.fields.environment).toContain('prodd')
  expect((await harness.request('GET', '/api/v1/config')).status).toBe(400)
})

test('a server that knows its environments makes no key for any other', async () => {
  const harness = new Harness({ environments: ['prod', 'staging'] })
  const create = (environment: string | undefined) =>
    harness.request('POST', '/api/v1/apikeys', { body: { name: 'ci', role: 'viewer', environment } })
  expect((await create('prdo')).json).toMatchObject({
    status: 400,
    fields: { environment: '"prdo" is not one of this server\'s environments: prod, staging' },
  })
  expect([(await create('prod')).status, (await create(undefined)).status]).toEqual([201, 201])
})

test('an error lists ten environments, and says how many more there are', () => {
  const known = new Set(Array.from({ length: 12 }, (_, n) => `e${n}`))
  expect(unknownEnvironment('x', known)).toMatch(/: e0, .*, e9, and 2 more$/)
})
