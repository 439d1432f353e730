import { ConnectionError } from '@ironflow/core'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { ScriptedSocket, ScriptedWebSocket } from '../../core/test/scripted-socket'
import packageJson from '../package.json'
import { createClient, ValidationError } from '../src/index'
import { browserPlatform } from '../src/platform'

const platform = browserPlatform(true)

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
  ScriptedSocket.reset()
})

test('the client is named after its package', () => {
  expect(platform.clientName).toBe(`browser/${packageJson.version}`)
})

test('a global fetch that is replaced later is the one that is used', async () => {
  const client = createClient({ serverUrl: 'http://host' })
  const urls: string[] = []
  vi.stubGlobal('fetch', async (url: string) => {
    urls.push(url)
    return Response.json({ configs: [] })
  })
  await client.config().list()
  expect(urls).toEqual(['http://host/api/v1/config'])
})

test('options that cannot be used are named when the client is made', () => {
  expect(() => createClient({ serverUrl: 'example.com', timeoutMs: -1 })).toThrow(ValidationError)
})

test('nothing is read from an environment', () => {
  vi.stubEnv('IRONFLOW_API_KEY', 'ifkey_of_the_server_that_renders')
  expect(platform.env('IRONFLOW_API_KEY')).toBeUndefined()
  vi.unstubAllEnvs()
})

test('identifiers are 128 random bits, also where there is no crypto.randomUUID', () => {
  const { crypto } = globalThis
  vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) })
  const ids = Array.from({ length: 100 }, () => platform.uuid())
  expect(new Set(ids).size).toBe(100)
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/)
})

test('a timer that was cancelled does not fire', () => {
  vi.useFakeTimers()
  const fired = vi.fn()
  const cancel = platform.setTimer(fired, 10)
  platform.setTimer(fired, 10)
  for (const ms of [2 ** 31, Number.POSITIVE_INFINITY]) platform.setTimer(fired, ms)
  cancel()
  vi.advanceTimersByTime(20)
  expect(fired).toHaveBeenCalledTimes(1)
})

test('a socket is made by the WebSocket of the runtime', () => {
  vi.stubGlobal('WebSocket', ScriptedWebSocket)
  const nobody = { opened: () => undefined, message: () => undefined, closed: () => undefined }
  platform.openSocket('ws://host', ['ironflow.v1'], { 'x-secret': 'not sent' }, nobody)
  expect(ScriptedSocket.made.map(({ url }) => url)).toEqual(['ws://host'])
})

describe('a network error', () => {
  test('names the server and the origin of the page, and what may be wrong, since a browser does not', () => {
    vi.stubGlobal('location', { origin: 'https://app.example.com' })
    const thrown = new TypeError('Failed to fetch')
    const error = platform.networkError(thrown, 'https://config.example.com')
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error.message).toBe(
      'cannot reach https://config.example.com: it is down, or its corsOrigins lack https://app.example.com',
    )
    expect(error.cause).toBe(thrown)
  })
})
