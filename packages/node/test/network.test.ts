import { describe, expect, onTestFinished, test } from 'vitest'
import { createClient, type NodeClientOptions, ValidationError } from '../src/index'
import { AUTHORITY, CLIENT, SERVER } from './certificates'
import { connectProxy } from './connect-proxy'
import { expectNoUnhandledRejections, failing } from './observe'
import { noSocketLeft } from './test-socket'
import { plainServer, tlsServer } from './tls-server'

expectNoUnhandledRejections()

const TRANSPORTS = ['websocket', 'sse', 'poll'] as const
const tls = { ca: AUTHORITY }

/** Calls and watches with one client, until both have the document. */
async function callAndWatch(options: NodeClientOptions): Promise<void> {
  const client = createClient({ timeoutMs: 5000, ...options })
  onTestFinished(() => client.close())
  const seats: unknown[] = []
  const watcher = client.config().watch('limits', { onUpdate: ({ data }) => seats.push(data.seats) })
  const [{ data }] = await Promise.all([client.config().get('limits'), watcher.ready])
  expect([data.seats, seats]).toEqual([5, [5]])
  expect(client.status()).toMatchObject({ state: 'live', environment: 'default' })
  await client.close()
}

/** Calls over HTTP, and watches over that transport. */
function overHttp(transport: (typeof TRANSPORTS)[number]): NodeClientOptions['transport'] {
  return transport === 'websocket' ? 'auto' : transport
}

describe.each(TRANSPORTS)('calls, and a watch over %s,', (transport) => {
  test('trust an authority of your own', async () => {
    await using server = await tlsServer()
    await callAndWatch({ serverUrl: server.url, transport: overHttp(transport), tls })
    expect(server.requests).toContain('GET /api/v1/config/limits')
  })

  test('trust it where it is given as bytes, among others', async () => {
    await using server = await tlsServer()
    const ca = [CLIENT.cert, new TextEncoder().encode(AUTHORITY)]
    await callAndWatch({ serverUrl: server.url, transport: overHttp(transport), tls: { ca } })
  })

  test('show a certificate of their own', async () => {
    await using server = await tlsServer({ ca: AUTHORITY, requestCert: true, rejectUnauthorized: true })
    await callAndWatch({ serverUrl: server.url, transport: overHttp(transport), tls: { ...tls, ...CLIENT } })
  })

  test('go through a proxy to a server with TLS', async () => {
    await using server = await tlsServer()
    await using proxy = await connectProxy()
    await callAndWatch({ serverUrl: server.url, transport: overHttp(transport), proxy: proxy.url, tls })
    const { host } = new URL(server.url)
    expect(new Set(proxy.tunnels)).toEqual(new Set([host]))
    expect(server.connections).toBe(proxy.tunnels.length)
  })

  test('go through a proxy to a server without', async () => {
    await using server = await plainServer()
    await using proxy = await connectProxy()
    await callAndWatch({ serverUrl: server.url, transport: overHttp(transport), proxy: proxy.url })
    expect(server.connections).toBe(proxy.tunnels.length)
  })

  test('go through a proxy with TLS that asks for a password, and show a certificate to the server', async () => {
    await using server = await tlsServer({ ca: AUTHORITY, requestCert: true, rejectUnauthorized: true })
    await using proxy = await connectProxy({ tls: SERVER, credentials: 'user:pass word' })
    const url = proxy.url.replace('://', '://user:pass%20word@')
    const options = { serverUrl: server.url, proxy: url, tls: { ...tls, ...CLIENT } }
    await callAndWatch({ ...options, transport: overHttp(transport) })
    expect(proxy.tunnels.length).toBeGreaterThan(0)
  })
})

test('calls over the WebSocket go through the proxy, too', async () => {
  await using server = await tlsServer()
  await using proxy = await connectProxy()
  const client = createClient({ serverUrl: server.url, proxy: proxy.url, tls, transport: 'websocket' })
  onTestFinished(() => client.close())
  await client.config().watch('limits').ready
  expect(server.requests).toEqual(['GET /api/v1/ws'])
  expect(proxy.tunnels).toHaveLength(1)
})

test('many calls share connections through the proxy', async () => {
  await using server = await tlsServer()
  await using proxy = await connectProxy()
  const client = createClient({ serverUrl: server.url, proxy: proxy.url, tls })
  onTestFinished(() => client.close())
  for (let n = 0; n < 10; n++) await client.config().get('limits')
  expect(server.requests).toHaveLength(10)
  // A connection is free again a turn after its response: two take turns.
  expect(proxy.tunnels.length).toBeLessThanOrEqual(2)
})

describe('a proxy that', () => {
  test('refuses is named with its status and without its password', async () => {
    await using server = await tlsServer()
    await using proxy = await connectProxy({ credentials: 'user:other' })
    const { host } = new URL(proxy.url)
    const { error } = await failing({ serverUrl: server.url, proxy: `http://user:secret@${host}`, tls })
    expect(error.message).toContain(`through the proxy ${host}: the proxy ${host} responded with 407 to CONNECT`)
    expect(error.message).not.toContain('secret')
  })

  test('is down is named', async () => {
    await using server = await plainServer()
    const proxy = await connectProxy()
    await proxy[Symbol.asyncDispose]()
    const { error } = await failing({ serverUrl: server.url, proxy: proxy.url })
    expect(error.message).toContain(`through the proxy ${new URL(proxy.url).host}: connect ECONNREFUSED`)
  })

  test('cannot reach the server is told from a server that is down', async () => {
    await using proxy = await connectProxy()
    const server = await plainServer()
    await server[Symbol.asyncDispose]()
    const { error } = await failing({ serverUrl: server.url, proxy: proxy.url })
    expect(error.message).toContain('responded with 502 to CONNECT')
  })

  test('hangs is let go of with the client', async () => {
    await using server = await plainServer()
    await using proxy = await connectProxy({ hangs: true })
    const client = createClient({ serverUrl: server.url, proxy: proxy.url, transport: 'websocket' })
    const watcher = client.config().watch('limits')
    watcher.ready.catch(() => undefined)
    await expect.poll(() => client.status().state).toBe('connecting')
    await new Promise((resolve) => setTimeout(resolve, 50))
    await client.close()
    await noSocketLeft()
  })
})

test('a misspelt option is refused with the name of the nearest one', () => {
  expect(() => createClient({ proxi: 'http://localhost' } as NodeClientOptions)).toThrow(/did you mean proxy\?/)
  expect(() => createClient('http://localhost' as unknown as NodeClientOptions)).toThrow(ValidationError)
})

test.each(['localhost:3128', 'socks5://localhost', 'http://proxy/path', 'http://proxy?a=b', ''])(
  '%j is no proxy',
  (proxy) => {
    expect(() => createClient({ proxy })).toThrow(ValidationError)
    expect(() => createClient({ proxy })).toThrow(/^proxy: must be http:\/\/ or https:\/\//)
  },
)

test('a fetch of your own makes the calls, and the WebSocket still goes through the proxy', async () => {
  await using server = await plainServer()
  await using proxy = await connectProxy()
  const urls: string[] = []
  const fetch: typeof globalThis.fetch = (input, init) => {
    urls.push(String(input))
    return globalThis.fetch(input, init)
  }
  await callAndWatch({ serverUrl: server.url, proxy: proxy.url, fetch })
  expect(urls).toEqual([`${server.url}/api/v1/config/limits`])
  expect(proxy.tunnels).toHaveLength(1)
})
