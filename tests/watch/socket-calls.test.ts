import { ConflictError, type IronflowClient, IronflowError, NotFoundError } from '@ironflow/node'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../support/random'
import { tcpProxy } from '../support/tcp-proxy'
import { failure, useWorld } from '../support/world'

const world = useWorld()
const overHttp = () => world.client()
const overSocket = () => world.client({ transport: 'websocket' })

/** What of an error does not differ from call to call. */
function facts(error: IronflowError & { fields?: unknown; currentRevision?: unknown; retryAfterMs?: unknown }) {
  expect(error).toBeInstanceOf(IronflowError)
  const { name, code, status, method, message, retryable, fields, currentRevision, details } = error
  expect(error.requestId).toEqual(expect.any(String))
  return { name, code, status, method, message, retryable, fields, currentRevision, details, kind: error.constructor }
}

/** Calls that read, so that they answer the same twice. */
const READS: Record<string, (client: IronflowClient) => Promise<unknown>> = {
  'config.get': (client) => client.config().get('calls'),
  'config.list': (client) => client.config().list(),
  'config.history': (client) => client.config().history('calls'),
  'kv.get': (client) => client.kv().bucket('calls').get('object'),
  'kv.get of bytes': (client) => client.kv().bucket('calls').get('bytes'),
  'kv.keys': (client) => client.kv().bucket('calls').listKeys('*'),
  'kv.history': (client) => client.kv().bucket('calls').history('object'),
  'kv.listBuckets': (client) => client.kv().listBuckets(),
  'kv.getBucketInfo': (client) => client.kv().getBucketInfo('calls'),
  'apiKeys.list': (client) => client.admin().apiKeys.list(),
}

/** Calls that fail, and change nothing. */
const FAILURES: Record<string, (client: IronflowClient) => Promise<unknown>> = {
  'a document that does not exist': (client) => client.config().get('nobody-wrote-me'),
  'a key that does not exist': (client) => client.kv().bucket('calls').get('missing'),
  'a revision that is not the newest': (client) => client.kv().bucket('calls').update('object', 1, 1),
  'a key that exists': (client) => client.kv().bucket('calls').create('object', 1),
  'a bucket with other options': (client) => client.kv().createBucket({ name: 'calls', history: 7 }),
  'a bucket that does not exist': (client) => client.kv().deleteBucket('nobody-made-me'),
  'a name that is none': (client) => client.config().set('no name', {}),
  'a value that is too large': (client) => client.kv().bucket('calls').put('large', 'x'.repeat(1_000_001)),
}

describe('calls over a WebSocket', () => {
  it('answer as they do over HTTP', async () => {
    const bucket = overSocket().kv().bucket('calls')
    await overSocket().kv().createBucket({ name: 'calls', history: 3 })
    await bucket.put('object', { n: [1, null, 'ключ'] })
    await bucket.put('object', { n: 2 })
    await bucket.put('bytes', Uint8Array.of(0, 127, 255))
    const written = await overSocket().config().set('calls', { seats: 1 })
    expect(written.revision).toEqual(expect.any(Number))
    expect(await overSocket().config().patch('calls', { more: true })).toMatchObject({ name: 'calls' })
    const [http, socket] = [overHttp(), overSocket()]
    for (const [name, read] of Object.entries(READS)) expect(await read(socket), name).toEqual(await read(http))
  })

  it('fail as they do over HTTP', async () => {
    const [http, socket] = [overHttp(), overSocket()]
    for (const [name, call] of Object.entries(FAILURES)) {
      expect(facts(await failure(call(socket))), name).toEqual(facts(await failure(call(http))))
    }
    expect(await failure(socket.kv().bucket('calls').get('missing'))).toBeInstanceOf(NotFoundError)
    expect(await failure(socket.kv().bucket('calls').create('object', 1))).toBeInstanceOf(ConflictError)
  })

  it('fail as they do over HTTP where the key may not', async () => {
    const key = { role: 'viewer', scopes: ['read:kv:other'] } as const
    const { key: apiKey } = await overHttp()
      .admin()
      .apiKeys.create({ name: 'narrow', role: key.role, scopes: [...key.scopes] })
    const clients = [world.client({ apiKey, transport: 'websocket' }), world.client({ apiKey })]
    const put = (client: IronflowClient) => client.kv().bucket('other').put('k', 1)
    const get = (client: IronflowClient) => client.kv().bucket('calls').get('object')
    for (const call of [put, get]) {
      const [socket, http] = await Promise.all(clients.map(async (client) => facts(await failure(call(client)))))
      expect(socket).toEqual(http)
      expect(socket).toMatchObject({ code: 'unauthorized', status: 403 })
    }
    const wrong = { apiKey: `ifkey_${'0'.repeat(48)}` }
    const [socket, http] = await Promise.all(
      [{ ...wrong, transport: 'websocket' } as const, wrong].map((options) => failure(get(world.client(options)))),
    )
    expect(socket).toMatchObject({ name: http?.name, code: http?.code, status: 401 })
  })

  it('bring bytes back as they went in', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, n) => n)
    const bucket = overSocket().kv().bucket('binary')
    await bucket.put('all', bytes)
    expect(Uint8Array.from((await bucket.get('all')).value as Uint8Array)).toEqual(bytes)
    expect(Uint8Array.from((await overHttp().kv().bucket('binary').get('all')).value as Uint8Array)).toEqual(bytes)
  })

  it('that are repeated after a cut are made once', async () => {
    const random = seededRandom(7)
    // The first bytes are the answer to the upgrade; each reply has about a hundred.
    await using proxy = await tcpProxy(world.server.url, { cutAfter: () => 400 + Math.floor(2_000 * random()) })
    const client = world.client({
      transport: 'websocket',
      serverUrl: proxy.url,
      retry: { maxAttempts: 100, baseDelayMs: 5, maxDelayMs: 20 },
    })
    const bucket = client.kv().bucket('once')
    const revisions: number[] = []
    for (let n = 0; n < 300; n += 10) {
      // A create that is repeated as another call would find its own value, and fail.
      const made = await Promise.all(Array.from({ length: 10 }, (_, offset) => bucket.create(`k${n + offset}`, n)))
      revisions.push(...made.map(({ revision }) => revision))
    }
    expect(proxy.cuts).toBeGreaterThan(10)
    expect(new Set(revisions).size).toBe(300)
    const stored = await overHttp().kv().bucket('once').listKeys()
    expect(stored).toHaveLength(300)
  })
})
