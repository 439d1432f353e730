import { beforeAll, describe, expect, it } from 'vitest'
import { type Build, useBrowserWorld } from '../support/browser-world'
import { startFront } from '../support/front'

const world = useBrowserWorld()
let viewer = ''
let developer = ''

beforeAll(async () => {
  viewer = await world.key('viewer', 'read:config:app-settings')
  developer = await world.key('developer')
  await world.admin.config().set('app-settings', { theme: 'dark' })
  await world.admin.config().set('secrets', { token: 'x' })
})

describe.each<Build>(['script', 'module'])('a page with the %s build', (build) => {
  it('reads what its key is for, and nothing else', async () => {
    const { client } = await world.open({ apiKey: viewer }, { build })
    const found = await client.evaluate(async (client) => {
      const config = client.config()
      const codeOf = (call: Promise<unknown>) => call.then(() => 'ok').catch((error) => error.code)
      return {
        get: (await config.get('app-settings')).data,
        list: (await config.list()).map(({ name }) => name),
        other: await codeOf(config.get('secrets')),
        write: await codeOf(config.patch('app-settings', { theme: 'light' })),
        kv: await codeOf(client.kv().bucket('flags').get('a')),
      }
    })
    expect(found).toEqual({
      get: { theme: 'dark' },
      list: ['app-settings'],
      other: 'unauthorized',
      write: 'unauthorized',
      kv: 'unauthorized',
    })
  })

  it('has every method of config documents', async () => {
    const { client } = await world.open({ apiKey: developer, environment: `config-${build}` }, { build })
    const found = await client.evaluate(async (client) => {
      const config = client.config()
      const first = await config.set('limits', { seats: 1 }, { createOnly: true })
      const patched = await config.patch('limits', { trial: null }, { ifRevision: first.revision })
      const conflict = await config.set('limits', {}, { ifRevision: first.revision }).catch((error) => error)
      const modified = await config.modify<{ seats: number }>('limits', (now) => ({ seats: (now?.seats ?? 0) + 1 }))
      const history = await config.history('limits')
      await config.rollback('limits', patched.revision)
      const { data } = await config.get('limits')
      await config.delete('limits')
      return {
        conflict: [conflict instanceof Ironflow.ConflictError, conflict.currentRevision === patched.revision],
        modified: modified.data,
        history: history.map(({ data }) => data),
        data,
        gone: await config.find('limits'),
        list: await config.list(),
      }
    })
    expect(found).toEqual({
      conflict: [true, true],
      modified: { seats: 2 },
      history: [{ seats: 2 }, { seats: 1, trial: null }, { seats: 1 }],
      data: { seats: 1, trial: null },
      gone: undefined,
      list: [],
    })
  })

  it('has every method of buckets, and gets every kind of value back as it went in', async () => {
    const { client } = await world.open({ apiKey: developer, environment: `kv-${build}` }, { build })
    const found = await client.evaluate(async (client) => {
      const kv = client.kv()
      await kv.createBucket({ name: 'things', history: 5 })
      await kv.updateBucket('things', { description: 'of a page' })
      const bucket = kv.bucket('things')
      const values = {
        json: { a: [1, null] },
        text: 'grüß dich',
        number: 1.5,
        none: null,
        bytes: new Uint8Array([0, 255, 128]),
      }
      for (const [key, value] of Object.entries(values)) await bucket.put(`kind.${key}`, value)
      const read: Record<string, unknown> = {}
      for await (const { key, value } of bucket.entries('kind.*')) read[key] = value
      const bytes = (await bucket.get('kind.bytes')).value
      const { revision } = await bucket.create('a/ü%c', 1, { ttlSeconds: 60 })
      await bucket.update('a/ü%c', 2, revision)
      const { value } = await bucket.modify('a/ü%c', (now: number) => now + 1)
      const keys: string[] = []
      for await (const key of bucket.keys('>')) keys.push(key)
      const history = (await bucket.history('a/ü%c')).map(({ operation }) => operation)
      await bucket.delete('a/ü%c')
      await bucket.purge('kind.text')
      const { values: count, description } = await kv.getBucketInfo('things')
      const missing = await bucket.get('a/ü%c').catch((error) => error instanceof Ironflow.NotFoundError)
      const left = await bucket.listKeys()
      const buckets = (await kv.listBuckets()).map(({ name }) => name)
      await kv.deleteBucket('things')
      return {
        bytes: bytes instanceof Uint8Array && [...bytes],
        read: Object.entries(read).map(([key, value]) => [key, JSON.stringify(value)]),
        value,
        keys,
        history,
        info: [count, description],
        missing,
        gone: await bucket.find('a/ü%c'),
        left,
        buckets,
        end: await kv.listBuckets(),
      }
    })
    const kinds = ['kind.bytes', 'kind.json', 'kind.none', 'kind.number', 'kind.text']
    expect(found).toMatchObject({
      bytes: [0, 255, 128],
      value: 3,
      keys: ['a/ü%c', ...kinds],
      history: ['put', 'put', 'put'],
      info: [4, 'of a page'],
      missing: true,
      gone: undefined,
      left: kinds.slice(0, 4),
      buckets: ['things'],
      end: [],
    })
    expect(found.read).toEqual(
      expect.arrayContaining([
        ['kind.json', '{"a":[1,null]}'],
        ['kind.text', '"grüß dich"'],
        ['kind.number', '1.5'],
        ['kind.none', 'null'],
      ]),
    )
  })

  it('has a client for the whole page, ready to be configured', async () => {
    const { page } = await world.open({ apiKey: viewer }, { build })
    const found = await page.evaluate(
      async (options) => {
        const { ironflow } = Ironflow
        const before = (() => {
          try {
            return ironflow.config()
          } catch (error) {
            return (error as { code: string }).code
          }
        })()
        const { data } = await ironflow.configure(options).configManager().get('app-settings')
        return { before, data, same: ironflow.config() === ironflow.configManager() }
      },
      { serverUrl: world.server.url, apiKey: viewer },
    )
    expect(found).toEqual({ before: 'not_configured', data: { theme: 'dark' }, same: true })
  })
})

describe('origins', () => {
  it('that the server knows are asked for by a preflight, without the key', async () => {
    const front = await startFront(world.server.url)
    try {
      const { client } = await world.open({ serverUrl: front.url, apiKey: viewer })
      await client.evaluate((client) => client.config().get('app-settings'))
      const preflight = front.requests.find(({ method }) => method === 'OPTIONS')
      expect(preflight?.headers).toMatchObject({
        origin: world.origin,
        'access-control-request-headers': expect.stringContaining('authorization'),
      })
      expect(JSON.stringify(preflight)).not.toContain(viewer)
    } finally {
      front.close()
    }
  })

  it('that it does not know fail with an error that says what may be wrong', async () => {
    const stranger = world.origin.replace('127.0.0.1', 'localhost')
    const { client } = await world.open({ apiKey: viewer, retry: false }, { origin: stranger })
    const found = await client.evaluate(async (client) => {
      const error = await client
        .config()
        .get('app-settings')
        .catch((error) => error)
      return [error instanceof Ironflow.ConnectionError, error.code, error.message]
    })
    expect(found).toEqual([
      true,
      'connection_failed',
      expect.stringMatching(/^cannot reach http:.*corsOrigins lack http:/),
    ])
  })
})

it('a page that did not come by https, and so has no crypto.randomUUID, can write', async () => {
  const origin = world.origin.replace('127.0.0.1', 'app.test')
  const { page, client } = await world.open({ apiKey: developer, environment: 'plain' }, { origin })
  expect(await page.evaluate(() => [isSecureContext, typeof crypto.randomUUID])).toEqual([false, 'undefined'])
  await client.evaluate((client) => client.kv().bucket('flags').put('a', true))
  expect(await client.evaluate(async (client) => (await client.kv().bucket('flags').get('a')).value)).toBe(true)
})
