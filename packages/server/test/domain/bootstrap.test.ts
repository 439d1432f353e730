import { expect, test } from 'vitest'
import { API_KEY_SYNTAX, bucketDefaults, createMemoryEngine, createServer } from '../../src'
import { ADMIN_KEY, Harness } from '../support/harness'

const newEngine = (now?: () => number) => createMemoryEngine({ bucketDefaults: bucketDefaults(), now })
const works = async (harness: Harness, key: string) =>
  (await harness.request('GET', '/api/v1/apikeys', { key })).status === 200

test('the first start hands over an admin key, later ones none', async () => {
  const engine = newEngine()
  const keys: string[] = []
  const start = async () => {
    const harness = new Harness({ engine, bootstrapKey: undefined, onBootstrapKey: (key) => void keys.push(key) })
    await harness.server.ready
    return harness
  }
  await start()
  const harness = await start()
  expect(keys).toHaveLength(1)
  expect(keys[0]).toMatch(API_KEY_SYNTAX)
  expect(await works(harness, keys[0] ?? '')).toBe(true)
})

test('of several servers that start together one makes the key', async () => {
  const engine = newEngine()
  const keys: string[] = []
  const onBootstrapKey = async (key: string) => {
    await new Promise((resolve) => setTimeout(resolve, 20))
    keys.push(key)
  }
  const servers = Array.from({ length: 4 }, () => createServer({ engine, onBootstrapKey }))
  await Promise.all(servers.map(({ ready }) => ready))
  expect(keys).toHaveLength(1)
  expect(await works(new Harness({ engine, bootstrapKey: undefined }), keys[0] ?? '')).toBe(true)
})

test('a key that could not be handed over does not count, and a later start makes another', async () => {
  let now = 1_000_000
  const engine = newEngine(() => now)
  const lost: string[] = []
  const failing = createServer({
    engine,
    now: () => now,
    onBootstrapKey: async (key) => {
      lost.push(key)
      throw new Error('disk full')
    },
  })
  await expect(failing.ready).rejects.toThrow('disk full')
  now += 10_001
  const keys: string[] = []
  const harness = new Harness({
    engine,
    now: () => now,
    bootstrapKey: undefined,
    onBootstrapKey: (key) => void keys.push(key),
  })
  await harness.server.ready
  expect(await works(harness, keys[0] ?? '')).toBe(true)
  expect(await works(harness, lost[0] ?? '')).toBe(false)
})

test('a given key is made, and not made again once it was revoked', async () => {
  const engine = newEngine()
  const first = new Harness({ engine })
  expect(await works(first, ADMIN_KEY)).toBe(true)
  const other = await first.key({ role: 'admin' })
  const { json } = await first.request('GET', '/api/v1/apikeys')
  const { id } = json.apiKeys.find(({ name }: { name: string }) => name === 'bootstrap')
  await first.request('DELETE', `/api/v1/apikeys/${id}`, { key: other })
  const second = new Harness({ engine })
  await second.server.ready
  expect(await works(second, ADMIN_KEY)).toBe(false)
  expect(await works(second, other)).toBe(true)
})

test('another given key is made beside the first', async () => {
  const engine = newEngine()
  await new Harness({ engine }).server.ready
  const bootstrapKey = `ifkey_${'c'.repeat(48)}`
  expect(await works(new Harness({ engine, bootstrapKey }), bootstrapKey)).toBe(true)
})

test('without authentication no key is made', async () => {
  const engine = newEngine()
  const server = createServer({ engine, auth: 'none', onBootstrapKey: () => expect.unreachable() })
  await server.ready
  expect((await engine.entries('SYS_apikeys', { limit: 10, values: false })).entries).toEqual([])
})

test('a bootstrap key that is none is refused without being repeated', () => {
  const create = () => createServer({ engine: newEngine(), bootstrapKey: 'hunter2' })
  expect(create).toThrow(/bootstrapKey/)
  expect(create).not.toThrow(/hunter2/)
})
