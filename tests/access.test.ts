import { UnauthenticatedError, UnauthorizedError } from '@ironflow/node'
import { describe, expect, it } from 'vitest'
import { errorRecorder, failure, useWorld } from './support/world'

const world = useWorld()

describe('a key', () => {
  it('that is missing, unknown or malformed is a typed 401, reported once', async () => {
    for (const apiKey of [undefined, `ifkey_${'0'.repeat(48)}`, 'nonsense']) {
      const { onError, reports } = errorRecorder()
      const error = await failure(
        world
          .client({ apiKey: apiKey ?? (() => 'none'), onError })
          .config()
          .get('x'),
      )
      expect(error).toBeInstanceOf(UnauthenticatedError)
      expect(error).toMatchObject({ code: 'unauthenticated', status: 401, method: 'config.get' })
      expect(reports).toHaveLength(1)
    }
    expect((await world.fetch(`${world.server.url}/api/v1/config`)).status).toBe(401)
  })

  it('is shown once, and works until it is revoked', async () => {
    const { apiKeys } = world.client().admin()
    const { key, ...made } = await apiKeys.create({ name: 'short-lived', role: 'developer' })
    expect(key).toMatch(/^ifkey_[0-9a-f]{48}$/)
    expect(await apiKeys.list()).toContainEqual(made)
    expect(JSON.stringify(await apiKeys.list())).not.toContain(key)
    const client = world.client({ apiKey: key })
    await client.config().set('written-by-key', {})
    await apiKeys.revoke(made.id)
    expect(await failure(client.config().get('written-by-key'))).toBeInstanceOf(UnauthenticatedError)
  })

  it('stops working when it expires', async () => {
    const { apiKeys } = world.client().admin()
    const expiresAt = new Date(Date.now() + 1500).toISOString()
    const { key } = await apiKeys.create({ name: 'expiring', role: 'viewer', expiresAt })
    const client = world.client({ apiKey: key })
    await client.config().list()
    let last: unknown
    while (!last && Date.now() < Date.parse(expiresAt) + 3000)
      last = await client
        .config()
        .list()
        .then(
          () => undefined,
          (error) => error,
        )
    expect(last).toBeInstanceOf(UnauthenticatedError)
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expiresAt))
  })

  it('from a function is asked for again after a 401', async () => {
    const keys = [`ifkey_${'0'.repeat(48)}`, world.server.apiKey as string]
    const client = world.client({ apiKey: () => keys.shift() as string })
    await expect(client.config().list()).resolves.toBeInstanceOf(Array)
    expect(keys).toEqual([])
  })
})

describe('a role', () => {
  it('viewer reads and does not write', async () => {
    await world.client().config().set('shared', { n: 1 })
    const viewer = await world.clientWith({ role: 'viewer' })
    expect((await viewer.config().get('shared')).data).toEqual({ n: 1 })
    const writes = [
      viewer.config().set('shared', {}),
      viewer.config().patch('shared', {}),
      viewer.config().delete('shared'),
      viewer.kv().bucket('b').put('k', 1),
      viewer.kv().createBucket({ name: 'b' }),
      viewer.admin().apiKeys.list(),
    ].map(failure)
    for (const error of await Promise.all(writes)) expect(error).toBeInstanceOf(UnauthorizedError)
  })

  it('developer writes and does not manage keys', async () => {
    const developer = await world.clientWith({ role: 'developer' })
    await developer.kv().bucket('dev').put('k', 1)
    expect(await failure(developer.admin().apiKeys.create({ name: 'x', role: 'admin' }))).toBeInstanceOf(
      UnauthorizedError,
    )
  })
})

describe('a scope', () => {
  it('narrows what a key reads and writes, and what it sees in lists', async () => {
    const admin = world.client()
    for (const name of ['app-web', 'app-api', 'billing']) await admin.config().set(name, { name })
    for (const name of ['cache', 'secrets']) await admin.kv().bucket(name).put('k', 1)
    const client = await world.clientWith({ role: 'developer', scopes: ['read:config:app-*', 'write:kv:cache'] })
    expect((await client.config().get('app-web')).data).toEqual({ name: 'app-web' })
    await client.kv().bucket('cache').put('k', 2)
    expect((await client.config().list()).map(({ name }) => name)).toEqual(['app-api', 'app-web'])
    const beyond = [
      client.config().get('billing'),
      client.config().set('app-web', {}),
      client.kv().bucket('secrets').get('k'),
      client.kv().bucket('secrets').put('k', 1),
      client.kv().deleteBucket('secrets'),
    ].map(failure)
    for (const error of await Promise.all(beyond)) expect(error).toBeInstanceOf(UnauthorizedError)
  })
})

describe('an environment', () => {
  it('sees nothing of another, however their names run together', async () => {
    // Joined with a dash, both would be prod-eu-flags.
    const prod = world.client({ environment: 'prod' })
    const prodEu = world.client({ environment: 'prod-eu' })
    await prod.kv().bucket('eu-flags').put('k', 'prod')
    await prodEu.kv().bucket('flags').put('k', 'prod-eu')
    await prod.config().set('limits', { of: 'prod' })

    expect((await prod.kv().listBuckets()).map(({ name }) => name)).toEqual(['eu-flags'])
    expect((await prodEu.kv().listBuckets()).map(({ name }) => name)).toEqual(['flags'])
    expect(await prod.kv().bucket('flags').find('k')).toBeUndefined()
    expect(await prodEu.kv().bucket('eu-flags').find('k')).toBeUndefined()
    expect(await prodEu.config().find('limits')).toBeUndefined()
    expect(await prodEu.config().list()).toEqual([])
    expect(await prod.admin().environments()).toEqual(expect.arrayContaining(['prod', 'prod-eu']))
    await prod.kv().deleteBucket('eu-flags')
    expect((await prodEu.kv().bucket('flags').get('k')).value).toBe('prod-eu')
  })

  it('that a key is bound to is the only one it can reach', async () => {
    await world.client({ environment: 'bound' }).config().set('mine', { n: 1 })
    const bound = await world
      .client()
      .admin()
      .apiKeys.create({ name: 'bound', role: 'developer', environment: 'bound' })
    expect((await world.client({ apiKey: bound.key }).config().get('mine')).data).toEqual({ n: 1 })
    const elsewhere = world.client({ apiKey: bound.key, environment: 'prod' })
    expect(await failure(elsewhere.config().get('limits'))).toBeInstanceOf(UnauthorizedError)
    expect(await failure(elsewhere.kv().listBuckets())).toBeInstanceOf(UnauthorizedError)
    expect(await world.client({ apiKey: bound.key }).admin().environments()).toEqual(['bound'])
  })
})
