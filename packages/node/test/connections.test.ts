import { ConnectionError, TimeoutError } from '@ironflow/core'
import { describe, expect, test } from 'vitest'
import { createClient } from '../src/index'
import { causes, expectNoUnhandledRejections, failing } from './observe'
import { closedPort, document, http, rawServer } from './raw-server'

expectNoUnhandledRejections()

/** Time the runner may take on top of what a call was given. */
const SLACK_MS = 2000

describe('a server that is down', () => {
  test('is a ConnectionError that says who refused', async () => {
    const serverUrl = await closedPort()
    const { error, context } = await failing({ serverUrl })
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error).toMatchObject({ code: 'connection_failed', method: 'config.get', status: undefined, retryable: true })
    expect(error.message).toContain('ECONNREFUSED')
    expect(causes(error)).toContain('ECONNREFUSED')
    expect(context).toMatchObject({ attempts: 2, endpoint: `${serverUrl}/api/v1/config/limits` })
    expect(context.requestId).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('by one of its names is one too', async () => {
    const { port } = new URL(await closedPort())
    const { error } = await failing({ serverUrl: `http://localhost:${port}` })
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error.message).toContain('ECONNREFUSED')
  })

  test('is left for the next of several', async () => {
    await using second = await rawServer((socket) => socket.write(document()))
    const client = createClient({ serverUrl: [await closedPort(), second.url], retry: { baseDelayMs: 1 } })
    expect(await client.config().get('limits')).toMatchObject({ data: { seats: 5 } })
    await client.config().get('limits')
    expect(second.requests).toHaveLength(2)
    await client.close()
  })
})

test('a host that cannot be resolved is a ConnectionError that names it', async () => {
  const { error } = await failing({ serverUrl: 'http://ironflow.invalid' })
  expect(error).toBeInstanceOf(ConnectionError)
  expect(causes(error)).toMatch(/getaddrinfo (ENOTFOUND|EAI_AGAIN) ironflow\.invalid/)
})

describe('a connection that is cut', () => {
  const json = { 'content-type': 'application/json' }

  test.each([
    ['before an answer', ''],
    ['in the middle of the headers', 'HTTP/1.1 200 OK\r\ncontent-ty'],
    [
      'in the middle of a body with content-length',
      http('200 OK', { ...json, 'content-length': '500' }, '{"name":"limits"'),
    ],
    ['in the middle of a chunk', http('200 OK', { ...json, 'transfer-encoding': 'chunked' }, 'ff\r\n{"name":"limits"')],
    ['between two chunks', http('200 OK', { ...json, 'transfer-encoding': 'chunked' }, '8\r\n{"name":\r\n')],
  ])('%s is a ConnectionError', async (_, bytes) => {
    for (const cut of ['end', 'resetAndDestroy'] as const) {
      await using server = await rawServer((socket) => {
        if (bytes === '') socket[cut]()
        else socket.write(bytes, () => socket[cut]())
      })
      const { error, context } = await failing({ serverUrl: server.url })
      expect(error).toBeInstanceOf(ConnectionError)
      expect(causes(error)).toMatch(/other side closed|ECONNRESET|socket hang up/)
      expect([context.attempts, server.requests.length]).toEqual([2, 2])
    }
  })

  test('is worth another attempt, with the same idempotency key for a write', async () => {
    await using server = await rawServer((socket) => {
      if (server.requests.length === 1) socket.resetAndDestroy()
      else socket.write(http('200 OK', { ...json, 'content-length': '14' }, '{"revision":9}'))
    })
    const client = createClient({ serverUrl: server.url, retry: { baseDelayMs: 1 } })
    expect(await client.kv().bucket('b').put('k', 1)).toEqual({ revision: 9 })
    const keys = server.requests.map((request) => /idempotency-key: (.+)\r\n/.exec(request)?.[1])
    expect([keys.length, new Set(keys).size, typeof keys[0]]).toEqual([2, 1, 'string'])
    await client.close()
  })

  test('is not worth one where the call makes a secret', async () => {
    await using server = await rawServer((socket) => socket.resetAndDestroy())
    await failing({ serverUrl: server.url }, (client) => client.admin().apiKeys.create({ name: 'ci', role: 'viewer' }))
    expect(server.requests).toHaveLength(1)
  })
})

test.each([
  ['not HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['HTTP without a status', 'HTTP/1.1 fine\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx'],
])('a server that speaks %s is a ConnectionError', async (_, bytes) => {
  await using server = await rawServer((socket) => socket.end(bytes))
  const { error } = await failing({ serverUrl: server.url })
  expect(error).toBeInstanceOf(ConnectionError)
  expect(error.cause).toBeInstanceOf(Error)
})

describe('a server that hangs', () => {
  const headers = { 'content-type': 'application/json', 'content-length': '500' }

  test.each([
    ['before its headers', ''],
    ['in the middle of its headers', 'HTTP/1.1 200 OK\r\ncontent-'],
    ['before its body', http('200 OK', headers, '')],
    ['in the middle of its body', http('200 OK', headers, '{"name":')],
  ])('%s is a TimeoutError when the time is up', async (_, bytes) => {
    await using server = await rawServer((socket) => socket.write(bytes))
    const { error, elapsedMs } = await failing({ serverUrl: server.url, timeoutMs: 200 })
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({
      code: 'timeout',
      message: 'config.get took longer than timeoutMs (200 ms)',
      status: undefined,
    })
    expect(elapsedMs).toBeGreaterThan(190)
    expect(elapsedMs).toBeLessThan(200 + SLACK_MS)
  })

  test('is asked again after the time of one attempt, and the attempts are the cause', async () => {
    await using server = await rawServer(() => undefined)
    const options = { serverUrl: server.url, timeoutMs: 400, attemptTimeoutMs: 100, retry: { maxAttempts: 99 } }
    const { error, context, elapsedMs } = await failing(options)
    expect(error).toBeInstanceOf(TimeoutError)
    expect(causes(error) || error.message).toContain('config.get took longer than attemptTimeoutMs (100 ms)')
    expect(context.attempts).toBeGreaterThan(1)
    expect(elapsedMs).toBeLessThan(400 + SLACK_MS)
  })

  test('is left for the next of several', async () => {
    await using first = await rawServer(() => undefined)
    await using second = await rawServer((socket) => socket.write(document()))
    const options = { serverUrl: [first.url, second.url], attemptTimeoutMs: 100, retry: { baseDelayMs: 1 } }
    const client = createClient(options)
    expect(await client.config().get('limits')).toMatchObject({ revision: 1 })
    expect([first.requests.length, second.requests.length]).toEqual([1, 1])
    await client.close()
  })

  test('drips byte by byte, and runs out of time as well', async () => {
    const timers = new Set<NodeJS.Timeout>()
    await using server = await rawServer((socket) => {
      socket.write(http('200 OK', headers, ''))
      timers.add(setInterval(() => socket.write(' '), 10))
    })
    const { error, elapsedMs } = await failing({ serverUrl: server.url, timeoutMs: 200 })
    for (const timer of timers) clearInterval(timer)
    expect(error).toBeInstanceOf(TimeoutError)
    expect(elapsedMs).toBeLessThan(200 + SLACK_MS)
  })

  test('is let go of at once by an abort and by close()', async () => {
    await using server = await rawServer((socket) => socket.write(http('200 OK', headers, '{')))
    const controller = new AbortController()
    const client = createClient({ serverUrl: server.url })
    const aborted = client
      .config()
      .get('limits', { signal: controller.signal })
      .catch((error: unknown) => error)
    const closed = client
      .config()
      .get('limits')
      .catch((error: unknown) => error)
    const reason = new Error('user left')
    controller.abort(reason)
    expect(await aborted).toMatchObject({ code: 'aborted', cause: reason })
    await client.close()
    expect(await closed).toMatchObject({ code: 'closed' })
  })
})
