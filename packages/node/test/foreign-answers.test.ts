import { createServer } from 'node:http'
import { NotFoundError, RateLimitError } from '@ironflow/core'
import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createClient } from '../src/index'
import { causes, expectNoUnhandledRejections, failing } from './observe'

const SERVER = 'http://ironflow.test'
const URL_OF_LIMITS = `${SERVER}/api/v1/config/limits`
const PAGE = '<!doctype html><title>Proxy</title><h1>It works</h1>'

const msw = setupServer()
beforeAll(() =>
  msw.listen({ onUnhandledRequest: (request, print) => request.url.includes('127.0.0.1') || print.error() }),
)
afterEach(() => msw.resetHandlers())
afterAll(() => msw.close())
expectNoUnhandledRejections()

// The client's own way to a server is not one that msw takes part in.
const fetch: typeof globalThis.fetch = (input, init) => globalThis.fetch(input, init)
const options = { serverUrl: SERVER, apiKey: 'ifkey_secret', fetch }
const entry = { name: 'limits', data: { seats: 5 }, revision: 1 }

function answering(answer: (request: Request, attempt: number) => Response): Request[] {
  const requests: Request[] = []
  msw.use(
    http.all(`${SERVER}/*`, ({ request }) => {
      requests.push(request)
      return answer(request, requests.length)
    }),
  )
  return requests
}

describe('what is no answer of Ironflow', () => {
  test.each([
    ['garbage', '\u0000\u0001{"name', 'application/json'],
    ['half of an answer', '{"name":"limits","data":{', 'application/json'],
    ['JSON that is a list', '[1,2]', 'application/json'],
    ['JSON that is a text', '"ok"', 'application/json'],
    ['JSON that is null', 'null', 'application/json'],
    ['nothing', '', 'application/json'],
    ["a proxy's page", PAGE, 'text/html'],
  ])('%s with status 200 is invalid_response, once, with what came as the cause', async (_, body, type) => {
    const requests = answering(() => new HttpResponse(body, { headers: { 'content-type': type } }))
    const { error } = await failing(options)
    expect(error).toMatchObject({ code: 'invalid_response', status: 200, retryable: false, method: 'config.get' })
    expect(causes(error)).toContain(`received HTTP 200, ${type}: ${body.slice(0, 10)}`)
    expect(requests).toHaveLength(1)
  })

  test("another API's JSON is invalid_response as well", async () => {
    answering(() => HttpResponse.json({ ok: true }))
    expect((await failing(options)).error).toMatchObject({ code: 'invalid_response' })
    expect((await failing(options, (client) => client.kv().bucket('b').listKeys())).error).toMatchObject({
      code: 'invalid_response',
      method: 'kv.keys',
    })
  })

  test("a proxy's 404 says nothing about the document", async () => {
    answering(() => new HttpResponse(PAGE, { status: 404, headers: { 'content-type': 'text/html' } }))
    const { error } = await failing(options)
    expect(error).not.toBeInstanceOf(NotFoundError)
    expect(error).toMatchObject({ code: 'invalid_response', status: 404 })
    expect(causes(error)).toContain('It works')
    expect((await failing(options, (client) => client.config().find('limits'))).error).toMatchObject({ status: 404 })
  })

  test.each([502, 503, 520])("a proxy's %i is tried again, and is unavailable in the end", async (status) => {
    const requests = answering(() => new HttpResponse(PAGE, { status }))
    const { error, context } = await failing(options)
    expect(error).toMatchObject({ code: 'unavailable', status, retryable: true })
    expect(causes(error)).toContain('It works')
    expect([context.status, context.attempts, requests.length]).toEqual([status, 2, 2])
  })

  test('that turns into an answer is no failure', async () => {
    answering((_, attempt) => (attempt === 1 ? new HttpResponse(PAGE, { status: 502 }) : HttpResponse.json(entry)))
    const client = createClient({ ...options, retry: { baseDelayMs: 1 } })
    expect(await client.config().get('limits')).toEqual(entry)
  })
})

describe('a redirect', () => {
  test.each([301, 302, 303, 307, 308])('%i is invalid_response that names the target', async (status) => {
    const headers = { location: 'https://elsewhere.test/login' }
    answering(() => new HttpResponse(null, { status, headers }))
    const { error } = await failing(options)
    expect(error).toMatchObject({ code: 'invalid_response', status })
    expect(error.message).toContain('https://elsewhere.test/login')
    expect(error.cause).toBeInstanceOf(Error)
  })

  test('is not followed: its target sees neither key nor request', async () => {
    const targeted: string[] = []
    const target = createServer((request, response) => {
      targeted.push(`${request.headers.authorization}`)
      response.end(JSON.stringify(entry))
    })
    const source = createServer((_, response) => {
      response.writeHead(307, { location: `${urlOf(target)}/steal` }).end()
    })
    await Promise.all([target, source].map((one) => new Promise<void>((done) => one.listen(0, '127.0.0.1', done))))
    const { error } = await failing({ ...options, serverUrl: urlOf(source) }, (client) =>
      client.kv().bucket('b').put('k', 'secret value'),
    )
    expect(error).toMatchObject({ code: 'invalid_response', status: 307 })
    expect(targeted).toEqual([])
    await Promise.all([target, source].map((one) => new Promise((done) => one.close(done))))
  })
})

describe('429', () => {
  const limited = (value: string) => new HttpResponse(null, { status: 429, headers: { 'retry-after': value } })

  test('with seconds says how long to wait, and a wait beyond the time is not begun', async () => {
    const requests = answering(() => limited('120'))
    const { error, elapsedMs } = await failing(options)
    expect(error).toBeInstanceOf(RateLimitError)
    expect(error).toMatchObject({ code: 'rate_limited', status: 429, retryAfterMs: 120_000 })
    expect([requests.length, elapsedMs < 2000]).toEqual([1, true])
  })

  test('with a date says how long to wait', async () => {
    answering(() => limited(new Date(Date.now() + 600_000).toUTCString()))
    const { error } = await failing(options)
    expect(error.retryAfterMs).toBeGreaterThan(590_000)
    expect(error.retryAfterMs).toBeLessThanOrEqual(600_000)
  })

  test('that may be tried again at once is', async () => {
    const requests = answering((_, attempt) => (attempt === 1 ? limited('0') : HttpResponse.json(entry)))
    await createClient({ ...options, retry: { baseDelayMs: 1 } })
      .config()
      .get('limits')
    expect(requests).toHaveLength(2)
  })
})

describe('a request', () => {
  test('says who sends it, with which key and id, and is the same in every attempt', async () => {
    const requests = answering((_, attempt) =>
      attempt === 1 ? new HttpResponse(null, { status: 503 }) : HttpResponse.json({ revision: 2 }),
    )
    const client = createClient({ ...options, environment: 'prod', retry: { baseDelayMs: 1 } })
    await client.kv().bucket('b').put('user:1/ключ?', 'text')
    const [first, second] = requests.map((request) => Object.fromEntries(request.headers))
    expect(first).toMatchObject({
      authorization: 'Bearer ifkey_secret',
      'content-type': 'text/plain; charset=utf-8',
      'x-ironflow-client': expect.stringMatching(/^node\/\d+\.\d+\.\d+/),
      'x-ironflow-environment': 'prod',
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'idempotency-key': expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    expect(second).toEqual(first)
    expect(requests[0]?.url).toBe(`${SERVER}/api/v1/kv/buckets/b/keys/user%3A1%2F%D0%BA%D0%BB%D1%8E%D1%87%3F`)
  })

  test('that read nothing yet asks for no revision; after a write it does', async () => {
    const requests = answering(({ method }) =>
      method === 'DELETE'
        ? new HttpResponse(null, { status: 204, headers: { 'x-ironflow-revision': '7' } })
        : HttpResponse.json(entry),
    )
    const client = createClient(options)
    await client.config().get('limits')
    expect(await client.config().delete('limits')).toEqual({ revision: 7 })
    await client.config().get('limits')
    expect(requests.map((request) => request.headers.get('x-ironflow-min-revision'))).toEqual([null, null, '7'])
    expect(requests[0]?.url).toBe(URL_OF_LIMITS)
  })
})

function urlOf(server: ReturnType<typeof createServer>): string {
  const address = server.address()
  return typeof address === 'object' && address ? `http://127.0.0.1:${address.port}` : ''
}
