import { describe, expect, test } from 'vitest'
import { type Logger, silentLogger } from '../../src/observe/logger'
import { Harness } from '../support/harness'

const ORIGIN = 'https://app.example.com'
const harness = new Harness({ corsOrigins: [ORIGIN] })
const preflight = (origin: string, target = '/api/v1/config/a') =>
  harness.request('OPTIONS', target, { key: null, headers: { origin, 'access-control-request-method': 'PATCH' } })

describe('a preflight from an allowed origin', () => {
  test('needs no key and names methods and headers', async () => {
    const { status, headers } = await preflight(ORIGIN)
    expect(status).toBe(204)
    expect(headers.get('access-control-allow-origin')).toBe(ORIGIN)
    expect(headers.get('access-control-allow-methods')).toContain('PATCH')
    expect(Number(headers.get('access-control-max-age'))).toBeGreaterThan(0)
    expect(headers.get('vary')).toContain('origin')
  })

  test.each([
    'authorization',
    'content-type',
    'if-match',
    'if-none-match',
    'idempotency-key',
    'last-event-id',
    'traceparent',
    'x-request-id',
    'x-ironflow-client',
    'x-ironflow-environment',
    'x-ironflow-min-revision',
  ])('allows %s', async (header) => {
    const allowed = (await preflight(ORIGIN)).headers.get('access-control-allow-headers')?.split(', ')
    expect(allowed).toContain(header)
  })
})

test.each([
  'https://evil.example.com',
  'null',
  'https://app.example.com.evil.com',
  'http://app.example.com',
  `${ORIGIN}:8443`,
])('%s gets no permission, before or after', async (origin) => {
  for (const answer of [
    await preflight(origin),
    await harness.request('GET', '/api/v1/config', { headers: { origin } }),
  ]) {
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    expect(answer.headers.get('access-control-allow-methods')).toBeNull()
    expect(answer.headers.get('vary')).toContain('origin')
  }
})

test('an answer to an allowed origin may be read, also an error, with its headers', async () => {
  for (const target of ['/api/v1/config', '/api/v1/config/none', '/nowhere']) {
    const { headers } = await harness.request('GET', target, { headers: { origin: ORIGIN } })
    expect(headers.get('access-control-allow-origin')).toBe(ORIGIN)
    const exposed = headers.get('access-control-expose-headers')?.split(', ')
    for (const name of ['etag', 'retry-after', 'x-request-id', 'x-ironflow-revision', 'x-ironflow-environment']) {
      expect(exposed).toContain(name)
    }
  }
})

test('the answer to a request without an origin varies by it as well', async () => {
  expect((await harness.request('GET', '/api/v1/config')).headers.get('vary')).toContain('origin')
})

test('by default no origin is allowed', async () => {
  const closed = new Harness()
  const { headers } = await closed.request('GET', '/api/v1/config', { headers: { origin: ORIGIN } })
  expect(headers.get('access-control-allow-origin')).toBeNull()
})

test('an origin that is none is refused when the server is made', () => {
  for (const origin of ['*', 'app.example.com', `${ORIGIN}/`, 'null']) {
    expect(() => new Harness({ corsOrigins: [origin] }), origin).toThrow(/corsOrigins/)
  }
})

test('OPTIONS without an origin says what is allowed', async () => {
  const { status, headers } = await harness.request('OPTIONS', '/api/v1/config/a', { key: null })
  expect(status).toBe(204)
  expect(headers.get('allow')).toContain('PATCH')
  expect((await harness.request('OPTIONS', '/nowhere', { key: null })).status).toBe(404)
})

test('the first request of an origin that is refused is logged', async () => {
  const logged: object[] = []
  const logger: Logger = { ...silentLogger, warn: (fields) => void logged.push(fields) }
  const closed = new Harness({ logger })
  for (const origin of [ORIGIN, ORIGIN, 'http://localhost', 'https://other.example.com']) {
    await closed.raw('GET', '/api/v1/config', { headers: { origin } })
  }
  // The page of localhost came from this very server.
  expect(logged).toEqual([{ origin: ORIGIN }, { origin: 'https://other.example.com' }])
  const open = new Harness({ logger, corsOrigins: [ORIGIN] })
  await open.request('GET', '/api/v1/config', { headers: { origin: ORIGIN } })
  expect(logged).toHaveLength(2)
})
