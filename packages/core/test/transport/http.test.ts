import { describe, expect, test } from 'vitest'
import { Client } from '../../src/client'
import type { ErrorContext } from '../../src/hooks'
import type { ClientOptions } from '../../src/options'
import { FakePlatform } from '../fake-platform'
import { failure } from '../fake-transport'

type Answer = (url: string, init: RequestInit, attempt: number) => Response | Promise<Response>

function clientOver(answer: Answer, options: ClientOptions = {}) {
  const platform = new FakePlatform()
  const requests: Array<{ url: string; init: RequestInit }> = []
  platform.fetch = async (input, init = {}) => {
    requests.push({ url: String(input), init })
    return answer(String(input), init, requests.length)
  }
  const contexts: ErrorContext[] = []
  const client = new Client({ onError: (_, context) => contexts.push(context), ...options }, platform)
  return { client, platform, requests, contexts }
}

const entry = () => Response.json({ name: 'a', data: {}, revision: 1 })
const headersOf = (request: { init: RequestInit } | undefined) => request?.init.headers as Record<string, string>

describe('a request', () => {
  test('goes to the server under its base path, says who sends it, and follows no redirect', async () => {
    const { client, requests } = clientOver(entry, { serverUrl: 'http://host/base/', apiKey: 'k', environment: 'prod' })
    await client.config().get('a')
    expect(requests[0]?.url).toBe('http://host/base/api/v1/config/a')
    expect(requests[0]?.init).toMatchObject({ method: 'GET', redirect: 'manual' })
    expect(headersOf(requests[0])).toEqual({
      'x-request-id': 'id-1',
      'x-ironflow-environment': 'prod',
      'x-ironflow-client': 'test/0.0.0',
      authorization: 'Bearer k',
    })
  })

  test("has the user's headers, but not in place of its own, however they are spelt", async () => {
    const headers = { 'X-Tenant': 't', AUTHORIZATION: 'Basic x', 'Content-Type': 'text/html', 'X-Request-ID': 'mine' }
    const { client, requests } = clientOver(() => Response.json({ revision: 1 }), { apiKey: 'k', headers })
    await client.config().set('a', {})
    const sent = new Headers(headersOf(requests[0]))
    expect(sent.get('x-tenant')).toBe('t')
    expect(sent.get('authorization')).toBe('Bearer k')
    expect(sent.get('content-type')).toBe('application/json')
    expect(sent.get('x-request-id')).toMatch(/^id-/)
  })

  test('may carry an authorization of the user where there is no key', async () => {
    const { client, requests } = clientOver(entry, { headers: { Authorization: 'Basic x' } })
    await client.config().get('a')
    expect(new Headers(headersOf(requests[0])).get('authorization')).toBe('Basic x')
  })

  test('is made by the fetch of the user, as the function it is', async () => {
    let self: unknown = 'not called'
    const { client, requests } = clientOver(entry, {
      fetch: async function (this: unknown) {
        self = this
        return entry()
      } as typeof fetch,
    })
    await client.config().get('a')
    expect([self, requests]).toEqual([undefined, []])
  })
})

describe('an answer', () => {
  test('of status 204 has its revision in the header', async () => {
    const { client } = clientOver(() => new Response(null, { status: 204, headers: { 'x-ironflow-revision': '12' } }))
    expect(await client.config().delete('a')).toEqual({ revision: 12 })
  })

  test('of status 204 to a call that wants content is none', async () => {
    const { client } = clientOver(() => new Response(null, { status: 204 }))
    expect(await failure(client.config().get('a'))).toMatchObject({ code: 'invalid_response', status: 204 })
  })

  test.each(['[]', 'null', '5', '"text"', '', '{"a":', '<html>'])(
    '%j is none, and is the cause of the error',
    async (body) => {
      const { client, requests } = clientOver(() => new Response(body, { headers: { 'content-type': 'text/x' } }))
      const error = await failure(client.config().get('a'))
      expect(error).toMatchObject({ code: 'invalid_response', status: 200, retryable: false })
      expect((error.cause as Error).message).toBe(`received HTTP 200, text/x: ${body || '(empty)'}`)
      expect(requests).toHaveLength(1)
    },
  )

  test('that is very long is not all in the error', async () => {
    const { client } = clientOver(() => new Response('x'.repeat(1_000_000)))
    expect(((await failure(client.config().get('a'))).cause as Error).message.length).toBeLessThan(300)
  })

  test.each([
    ['3', 3050],
    [' 3 ', 3050],
    [new Date(FakePlatform.START + 5000).toUTCString(), 5050],
    [new Date(FakePlatform.START - 5000).toUTCString(), 50],
    ['soon', 50],
    ['0', 50],
  ])('429 with Retry-After: %s is waited for', async (value, elapsed) => {
    const { client, platform } = clientOver((_url, _init, attempt) =>
      attempt === 1 ? new Response('', { status: 429, headers: { 'retry-after': value } }) : entry(),
    )
    await platform.run(client.config().get('a'))
    expect(platform.elapsed).toBe(elapsed)
  })

  test('of a problem without an id has the one in the header', async () => {
    const headers = { 'x-request-id': 'server-9' }
    const { client, contexts } = clientOver(() => Response.json({ code: 'not_found' }, { status: 404, headers }))
    expect(await failure(client.config().get('a'))).toMatchObject({ requestId: 'server-9' })
    expect(contexts[0]?.requestId).toBe('server-9')
  })
})

describe('several servers', () => {
  const serverUrl = ['http://one', 'http://two', 'http://three']
  const host = (url: string) => new URL(url).host

  test('are tried in turn, and the one that answers is kept', async () => {
    const { client, platform, requests } = clientOver(
      (url) => {
        if (host(url) !== 'three') throw new TypeError('refused')
        return entry()
      },
      { serverUrl },
    )
    await platform.run(client.config().get('a'))
    await client.config().get('a')
    expect(requests.map(({ url }) => host(url))).toEqual(['one', 'two', 'three', 'three'])
  })

  test('are left when they say that they are unavailable, not when they refuse', async () => {
    const { client, platform, requests } = clientOver(
      (url) => new Response('', { status: host(url) === 'one' ? 503 : 403 }),
      { serverUrl },
    )
    await failure(platform.run(client.config().get('a')))
    await failure(client.config().get('a'))
    expect(requests.map(({ url }) => host(url))).toEqual(['one', 'two', 'two'])
  })

  test('are left when they hang', async () => {
    const { client, platform, requests } = clientOver(
      (url, { signal }) => (host(url) === 'one' ? untilAbort(signal) : entry()),
      { serverUrl },
    )
    await platform.run(client.config().get('a'))
    expect([requests.map(({ url }) => host(url)), platform.elapsed]).toEqual([['one', 'two'], 10_050])
  })

  test('are not left because a caller lost patience', async () => {
    const { client, requests } = clientOver(
      (_url, { signal }, attempt) => (attempt === 1 ? untilAbort(signal) : entry()),
      { serverUrl },
    )
    const controller = new AbortController()
    const call = client.config().get('a', { signal: controller.signal })
    controller.abort()
    await failure(call)
    await client.config().get('a')
    expect(requests.map(({ url }) => host(url))).toEqual(['one', 'one'])
  })

  test('are moved through once by calls that fail together', async () => {
    const { client, platform, requests } = clientOver(
      (url) => {
        if (host(url) === 'one') throw new TypeError('refused')
        return entry()
      },
      { serverUrl },
    )
    await platform.run(Promise.all(Array.from({ length: 5 }, () => client.config().get('a'))))
    expect(requests.map(({ url }) => host(url)).sort()).toEqual([...Array(5).fill('one'), ...Array(5).fill('two')])
  })

  test('onError names the one the last attempt went to', async () => {
    const { client, platform, contexts } = clientOver(
      () => {
        throw new TypeError('refused')
      },
      { serverUrl, retry: { maxAttempts: 2 } },
    )
    await failure(platform.run(client.kv().bucket('b').listKeys('secret.*')))
    expect(contexts.map(({ endpoint }) => endpoint)).toEqual(['http://two/api/v1/kv/buckets/b/keys'])
  })

  test('a call whose parameters are wrong has its route as the endpoint', async () => {
    const { client, contexts, requests } = clientOver(entry)
    expect(await failure(client.config().get('..'))).toMatchObject({ code: 'invalid_request', method: 'config.get' })
    expect(contexts[0]).toMatchObject({ endpoint: 'http://localhost:9123/api/v1/config/:name', attempts: 1 })
    expect(requests).toEqual([])
  })
})

function untilAbort(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason))
  })
}

describe('a document that the caller has already', () => {
  const known = { name: 'a', data: { n: 1 }, revision: 5, epoch: 'e', updatedAt: '2030-01-01T00:00:00Z' }

  test('is the result where the server has no newer one', async () => {
    const headers = { etag: '"5-e"', 'x-ironflow-revision': '5', 'x-ironflow-epoch': 'e' }
    const { client, requests } = clientOver(() => new Response(null, { status: 304, headers }))
    expect(await client.config().get('a', { known })).toBe(known)
    expect(headersOf(requests[0])['if-none-match']).toBe('"5-e"')
  })

  test('is not where there is a newer one', async () => {
    const newer = { ...known, data: { n: 2 }, revision: 6 }
    const { client } = clientOver(() => Response.json(newer))
    expect(await client.config().get('a', { known })).toEqual(newer)
  })

  test('is asked about in no other way: a 304 that nothing asked for is an error', async () => {
    const { client } = clientOver(() => new Response(null, { status: 304 }))
    expect(await failure(client.config().get('a'))).toMatchObject({ code: 'invalid_response', status: 304 })
  })
})
