import { beforeAll, describe, expect, test } from 'vitest'
import { type Logger, silentLogger } from '../../src'
import { ADMIN_KEY, Harness } from '../support/harness'

const harness = new Harness()
beforeAll(async () => {
  await harness.put('b/keys/a', 1)
  await harness.request('POST', '/api/v1/config/limits', { body: { a: 1 } })
})

describe.each(['/api/v1/kv/buckets/b/keys/a', '/api/v1/config/limits'])('the ETag of %s', (target) => {
  const get = (ifNoneMatch: string) => harness.request('GET', target, { headers: { 'if-none-match': ifNoneMatch } })

  test('is answered with 304 while it holds', async () => {
    const etag = (await harness.request('GET', target)).headers.get('etag') ?? ''
    for (const header of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const { status, text, headers } = await get(header)
      expect({ status, text }).toEqual({ status: 304, text: '' })
      expect(headers.get('etag')).toBe(etag)
    }
  })

  test('is answered in full once it does not', async () => {
    const etag = (await harness.request('GET', target)).headers.get('etag') ?? ''
    for (const header of ['"1"', etag.replace('-', '-x'), etag.slice(1)]) expect((await get(header)).status).toBe(200)
  })
})

test('HEAD answers what GET would, without the body', async () => {
  for (const target of ['/api/v1/config/limits', '/api/v1/kv/buckets/b/keys/a', '/health']) {
    const [get, head] = [await harness.request('GET', target), await harness.request('HEAD', target)]
    expect(head.status).toBe(200)
    expect(head.text).toBe('')
    expect(head.headers.get('etag')).toBe(get.headers.get('etag'))
  }
  expect((await harness.request('HEAD', '/api/v1/config/none')).status).toBe(404)
})

describe('the request id', () => {
  const idOf = async (id?: string) =>
    (await harness.request('GET', '/api/v1/config', { headers: { 'x-request-id': id } })).headers.get('x-request-id')

  test('is the client’s where it can stand in a log', async () => {
    expect(await idOf('0190-abc.d:e_F')).toBe('0190-abc.d:e_F')
  })

  test.each(['a b', 'x'.repeat(129), '{"a":1}', '<b>', ''])('is a new one where %j was sent', async (id) => {
    const [first, second] = [await idOf(id), await idOf(id)]
    expect(first).not.toBe(id)
    expect(second).not.toBe(first)
  })

  test('is in the problem too', async () => {
    const { json } = await harness.request('GET', '/api/v1/config/none', { headers: { 'x-request-id': 'mine' } })
    expect(json.requestId).toBe('mine')
  })
})

test('no answer to a key may be kept on the way', async () => {
  for (const target of ['/api/v1/config', '/api/v1/config/limits', '/api/v1/config/none', '/api/v1/apikeys']) {
    expect((await harness.request('GET', target)).headers.get('cache-control')).toBe('no-store')
  }
})

test('a body beyond the limit is a 413 that names the limit, whether it says so beforehand or not', async () => {
  const small = new Harness({ limits: { bodyBytes: 100 } })
  const body = JSON.stringify('x'.repeat(99))
  expect((await small.put('b/keys/a', body.slice(0, 99).concat('"'))).status).toBe(200)
  const declared = await small.put('b/keys/a', body, { headers: { 'content-length': String(body.length) } })
  const found = await small.put('b/keys/a', body)
  for (const { json } of [declared, found]) {
    expect(json).toMatchObject({ status: 413, code: 'payload_too_large', details: { limit: 'bodyBytes', max: 100 } })
  }
})

test('what the engine throws in surprise is a 500 without its text, and its cause is logged', async () => {
  const logged: object[] = []
  const logger: Logger = { ...silentLogger, error: (fields) => void logged.push(fields) }
  const broken = new Harness({ logger })
  await broken.server.ready
  await broken.request('GET', '/api/v1/config')
  broken.engine.get = () => Promise.reject(new TypeError('secret detail'))
  const { status, json, text } = await broken.request('GET', '/api/v1/config/a', { headers: { 'x-request-id': 'r1' } })
  expect({ status, code: json.code }).toEqual({ status: 500, code: 'internal' })
  expect(text).not.toContain('secret detail')
  expect(logged).toMatchObject([
    { method: 'config.get', status: 500, requestId: 'r1', err: { message: 'secret detail' } },
  ])
})

test('a store that is closed is a 503 to try later', async () => {
  const closed = new Harness()
  await closed.server.ready
  await closed.request('GET', '/api/v1/config')
  await closed.engine.close()
  const { status, json } = await closed.request('GET', '/api/v1/config')
  expect({ status, code: json.code }).toEqual({ status: 503, code: 'unavailable' })
})

test('a log line has no key, no value and no URL', async () => {
  const lines: string[] = []
  const log = (fields: object, message: string) => void lines.push(JSON.stringify([fields, message]))
  const chatty = new Harness({ logger: { debug: log, info: log, warn: log, error: log } })
  await chatty.put('buckets-name/keys/keys-name', '"values-text"')
  await chatty.get('buckets-name/keys/keys-name?revision=7')
  await chatty.put('buckets-name/keys/keys-name', '{"values-text"')
  await chatty.request('GET', '/nowhere/secret-path')
  const text = lines.join('\n')
  expect(lines.length).toBeGreaterThanOrEqual(4)
  expect(text).toContain('kv.put')
  for (const secret of ['keys-name', 'values-text', 'secret-path', ADMIN_KEY, '/api/'])
    expect(text).not.toContain(secret)
})

test('successes are not logged where nobody would read it', async () => {
  const lines: unknown[] = []
  const logger: Logger = { ...silentLogger, debug: (fields) => void lines.push(fields) }
  await new Harness({ logger }).request('GET', '/api/v1/config')
  expect(lines).toEqual([])
})
