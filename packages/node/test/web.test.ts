import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { ConnectionError, createClient } from '../src/web'
import { webPlatform } from '../src/web-platform'
import { expectNoUnhandledRejections } from './observe'
import { closedPort } from './raw-server'
import { plainServer } from './tls-server'

expectNoUnhandledRejections()
afterEach(() => vi.unstubAllGlobals())

/** A client of a server of its own, whose watch is live. */
async function live() {
  const server = await plainServer()
  const client = createClient({ serverUrl: server.url })
  onTestFinished(async () => {
    await client.close()
    await server[Symbol.asyncDispose]()
  })
  await client.config().watch('limits').ready
  return { client, server }
}

test('calls and watches use the fetch and the WebSocket of the runtime', async () => {
  vi.stubGlobal('WebSocket', WebSocket)
  const fetched = vi.spyOn(globalThis, 'fetch')
  const { client, server } = await live()
  expect(await client.config().get('limits')).toMatchObject({ data: { seats: 5 } })
  expect(fetched.mock.calls.map(([url]) => url)).toEqual([`${server.url}/api/v1/config/limits`])
  expect(client.status()).toMatchObject({ state: 'live', transport: 'websocket' })
})

test('a runtime without a WebSocket follows by server-sent events, and says why', async () => {
  vi.stubGlobal('WebSocket', undefined)
  const { client, server } = await live()
  expect(client.status()).toMatchObject({
    state: 'live',
    transport: 'sse',
    transportReason: 'the WebSocket could not be opened: there is none',
  })
  expect(server.requests).toEqual(['POST /api/v1/watch'])
})

test('a server that cannot be reached is named', async () => {
  const serverUrl = await closedPort()
  const error = await createClient({ serverUrl, retry: false })
    .config()
    .get('limits')
    .catch((error: unknown) => error)
  expect(error).toBeInstanceOf(ConnectionError)
  expect(`${error}`).toContain(`cannot reach ${serverUrl} (serverUrl): `)
})

test('a runtime without a process has no environment variables', () => {
  vi.stubEnv('IRONFLOW_ENV', 'prod')
  expect(webPlatform.env('IRONFLOW_ENV')).toBe('prod')
  vi.stubGlobal('process', undefined)
  expect(webPlatform.env('IRONFLOW_ENV')).toBeUndefined()
  vi.unstubAllGlobals()
  vi.unstubAllEnvs()
})
