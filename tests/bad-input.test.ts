import { connect } from 'node:net'
import { METHODS, type MethodRow, matchPath, PathSyntaxError } from '@ironflow/core/protocol'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { type RawAnswer, type RawRequest, rawRequest } from './support/raw-request'
import { useWorld } from './support/world'

const world = useWorld()
const JSON_TYPE = { 'content-type': 'application/json' }
const KV = '/api/v1/kv/buckets/b/keys'
const CONFIG = '/api/v1/config/doc'

const send = async (request: RawRequest) => {
  const headers = { authorization: `Bearer ${world.server.apiKey}`, ...request.headers }
  const answer = await rawRequest(world.server.url, { ...request, headers })
  await checkAnswer(request, answer)
  return answer
}

/** Against the OpenAPI document, as every answer is; what is no route, or no verb of one, is not in it. */
async function checkAnswer({ path, method = 'GET' }: RawRequest, { status, headers, text }: RawAnswer) {
  const [route = ''] = path.split('?')
  if (!isOperation(method, route)) return
  const type = headers['content-type']
  const empty = status === 204 || status === 304
  const init = { status, headers: new Headers(type === undefined ? [] : [['content-type', String(type)]]) }
  await world.fetch.check(route, method, new Response(empty ? null : text, init))
}

function isOperation(method: string, path: string): boolean {
  try {
    return Object.values<MethodRow>(METHODS).some(({ verb, path: template }) => {
      return verb === method && matchPath(template, path) !== undefined
    })
  } catch (error) {
    // Its percent-encoding cannot be read: refused before any route is looked for.
    if (error instanceof PathSyntaxError) return false
    throw error
  }
}
const post = (path: string, body: string | Uint8Array, headers: Record<string, string> = JSON_TYPE) =>
  send({ method: 'POST', path, body, headers })

beforeAll(async () => {
  await world.client().kv().bucket('b').put('secret', 'of another key')
})

describe('a path', () => {
  it.each([
    `${KV}/..`,
    `${KV}/.`,
    `${KV}/%2e%2e`,
    `${KV}/a/../secret`,
    `${KV}/a/%2e%2e/secret`,
    `${KV}/a%2F..%2Fsecret`,
    `${KV}/%00`,
    `${KV}/a%0D%0Ab`,
    `${KV}/%ff`,
    `${KV}/%`,
    `${KV}/%ED%A0%80`,
    `${KV}/a%20b`,
    `${KV}/a..b`,
    `${KV}/*`,
    `${KV}/`,
    `${KV}/${'x'.repeat(513)}`,
    '/api/v1/config/..%2f..%2fkv',
    '/api/v1/config/a.b',
    '/api/v1/config/stream',
    '/api/v1/kv/buckets/SYS_config/keys/doc',
    '/api/v1/kv/buckets/../config',
  ])('such as %s is a 400 that names the place, and finds nothing else', async (path) => {
    const answer = await send({ path })
    expect(answer.status).toBe(400)
    expect(answer.json).toMatchObject({ code: 'invalid_request', fields: expect.any(Object) })
    expect(Object.keys(answer.json?.fields ?? {})).not.toEqual([])
    expect(answer.text).not.toContain('of another key')
  })

  it('with doubly encoded slashes is the key that it says, decoded once', async () => {
    expect((await send({ method: 'PUT', path: `${KV}/a%252fb`, headers: JSON_TYPE, body: '1' })).status).toBe(200)
    expect((await send({ path: `${KV}/a%252fb` })).json).toMatchObject({ key: 'a%2fb' })
    expect((await send({ path: `${KV}/a%2fb` })).status).toBe(404)
  })

  it('that nobody serves is a 404, and a verb nobody takes a 405 with Allow', async () => {
    expect((await send({ path: '/nowhere' })).json).toMatchObject({ code: 'unknown_route' })
    const answer = await send({ method: 'PUT', path: CONFIG })
    expect(answer).toMatchObject({ status: 405, json: { code: 'method_not_allowed' } })
    expect(String(answer.headers.allow)).toContain('PATCH')
  })
})

describe('a query', () => {
  it.each([
    ['/api/v1/config?limit=x', 'limit'],
    ['/api/v1/config?limit=0', 'limit'],
    ['/api/v1/config?limit=-1', 'limit'],
    ['/api/v1/config?limit=1001', 'limit'],
    ['/api/v1/config?limit=1&limit=2', 'limit'],
    ['/api/v1/config?cursor=nonsense!', 'cursor'],
    [`${CONFIG}?revison=3`, 'revison'],
    [`${CONFIG}?revision=1e3`, 'revision'],
    [`${CONFIG}?revision=99999999999999999999`, 'revision'],
    [`${KV}?filter=a..b`, 'filter'],
    [`${KV}?filter=a.%3E.b`, 'filter'],
    [`${KV}?values=maybe`, 'values'],
    [`${KV}/k?history=maybe`, 'history'],
    ['/api/v1/config?__proto__=1', '__proto__'],
  ])('%s is a 400 that names %s', async (path, place) => {
    const answer = await send({ path })
    expect(answer.status).toBe(400)
    expect(Object.keys(answer.json?.fields ?? {})).toContain(place)
  })
})

describe('a body', () => {
  it.each([
    ['no JSON', '{"a":'],
    ['nothing', ''],
    ['an array', '[1]'],
    ['a string', '"a"'],
    ['null', 'null'],
    ['not UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['too deep', `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`],
    ['very deep', '['.repeat(100_000)],
    ['a __proto__', '{"a":{"__proto__":{"polluted":true}}}'],
  ])('of a document that is %s is a 400', async (_, body) => {
    for (const method of ['POST', 'PATCH']) {
      const answer = await send({ method, path: CONFIG, body, headers: JSON_TYPE })
      expect(answer).toMatchObject({ status: 400, json: { code: 'invalid_request', fields: expect.any(Object) } })
    }
  })

  it('of another content type is a 415', async () => {
    for (const type of ['text/plain', 'application/xml', 'multipart/form-data; boundary=x']) {
      expect(await post(CONFIG, '{}', { 'content-type': type })).toMatchObject({
        status: 415,
        json: { code: 'unsupported_media_type' },
      })
    }
    expect((await post(CONFIG, '{}', {})).status).toBe(415)
    expect((await post(CONFIG, '{}', { ...JSON_TYPE, 'content-encoding': 'gzip' })).status).toBe(415)
  })

  it('that is too large is a 413 that names the limit, announced or not', async () => {
    const large = `{"a":"${'x'.repeat(1_100_000)}"}`
    expect(await post(CONFIG, large)).toMatchObject({
      status: 413,
      json: { code: 'payload_too_large', detail: expect.stringMatching(/bodyBytes|1048576|1,048,576/) },
    })
    expect((await post(CONFIG, large, { ...JSON_TYPE, 'transfer-encoding': 'chunked' })).status).toBe(413)
    const value = 'x'.repeat(1_000_001)
    expect(
      (await send({ method: 'PUT', path: `${KV}/large`, headers: { 'content-type': 'text/plain' }, body: value }))
        .status,
    ).toBe(413)
  })

  it('with members that are no options is a 400 that names each', async () => {
    const answer = await post('/api/v1/kv/buckets', '{"name":"x","histroy":2,"ttlSeconds":-1,"maxBytes":"1"}')
    expect(answer.status).toBe(400)
    expect(Object.keys(answer.json?.fields ?? {}).sort()).toEqual(['histroy', 'maxBytes', 'ttlSeconds'])
  })

  it('named like a member of Object.prototype changes nothing', async () => {
    for (const name of ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString']) {
      expect([200, 400]).toContain((await post(CONFIG, `{"${name}":{"polluted":true}}`)).status)
      expect(
        (await send({ method: 'PUT', path: `${KV}/${name}`, headers: JSON_TYPE, body: `{"${name}":1}` })).status,
      ).toBe(200)
      expect((await send({ path: `${KV}/${name}` })).text).toContain(`"value":{"${name}":1}`)
      expect((await post('/api/v1/kv/buckets', `{"name":"p","${name}":1}`)).status).toBe(400)
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect((await send({ path: '/ready' })).status).toBe(200)
  })
})

describe('a header', () => {
  it.each([
    ['if-match', 'x'],
    ['if-match', '*'],
    ['if-match', '"1", "2"'],
    ['if-match', '-1'],
    ['if-none-match', '"1"'],
    ['idempotency-key', 'x'.repeat(300)],
    ['x-ironflow-environment', 'No_Good'],
    ['x-ironflow-environment', '../prod'],
  ])('%s: %s is a 400', async (name, value) => {
    const answer = await post(CONFIG, '{}', { ...JSON_TYPE, [name]: value })
    expect(answer).toMatchObject({ status: 400, json: { code: 'invalid_request' } })
  })

  it('of too many bytes is a 431', async () => {
    expect((await send({ path: CONFIG, headers: { 'x-padding': 'x'.repeat(20_000) } })).status).toBe(431)
  })
})

describe('whatever is sent', () => {
  const segment = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom('..', '.', '%2e', '%00', '%', 'keys', 'config', 'history', 'SYS_apikeys', '__proto__'),
    fc.string({ unit: 'binary', maxLength: 8 }).map((text) => encodeURIComponent(text.replace(/\p{Surrogate}/gu, ''))),
  )
  const visible = (text: string) => text.replace(/[^\x21-\x7e]/g, '')

  it('is answered, and never with a 500', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'),
        fc.constantFrom(
          '/api/v1/config/',
          '/api/v1/kv/buckets/',
          '/api/v1/kv/buckets/b/keys/',
          '/api/v1/apikeys/',
          '/',
        ),
        fc.array(segment, { maxLength: 4 }),
        fc.dictionary(
          fc.constantFrom('limit', 'cursor', 'filter', 'revision', 'values', 'ttlSeconds', 'x'),
          fc.string({ maxLength: 10 }),
        ),
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('latin1')),
        ),
        fc.constantFrom('application/json', 'text/plain', 'application/octet-stream', ''),
        async (method, base, segments, query, body, type) => {
          const path = visible(`${base}${segments.join('/')}?${new URLSearchParams(query)}`)
          // A developer's key: what it may not do is part of what must be answered, and no key of ours is lost.
          const headers: Record<string, string> = type === '' ? {} : { 'content-type': type }
          const sends = method !== 'GET' && method !== 'HEAD'
          const answer = await send({ method, path, headers, ...(sends ? { body } : {}) })
          expect(answer.status).toBeLessThan(500)
          if (answer.status >= 400 && method !== 'HEAD') expect(answer.json).toHaveProperty('code')
        },
      ),
      { numRuns: 500, timeout: 20_000 },
    )
  }, 120_000)

  it('that is not even HTTP gets an answer or a closed connection', async () => {
    const { hostname, port } = new URL(world.server.url)
    for (const bytes of [
      '\r\n\r\n',
      'GARBAGE\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n',
      '\u0016\u0003\u0001',
    ]) {
      const ended = await new Promise<boolean>((resolve, reject) => {
        const socket = connect(Number(port), hostname, () => socket.end(bytes, 'latin1'))
        socket.setTimeout(10_000, () => socket.destroy(new Error('a hang')))
        socket.on('data', () => undefined)
        socket.on('error', (error: NodeJS.ErrnoException) =>
          error.code === 'ECONNRESET' ? resolve(true) : reject(error),
        )
        socket.on('close', () => resolve(true))
      })
      expect(ended).toBe(true)
    }
    expect((await send({ path: '/ready' })).status).toBe(200)
  })
})
