import { expect, test } from 'vitest'
import { Harness } from '../support/harness'

const harness = new Harness({ auth: 'none' })
const ask = (headers: Record<string, string | undefined>, verb = 'GET') =>
  harness.raw(verb, '/api/v1/config/a', { key: null, headers, body: verb === 'GET' ? undefined : {} })

test('without a key everything may be done', async () => {
  expect((await ask({}, 'POST')).status).toBe(200)
  expect((await harness.raw('GET', '/api/v1/apikeys', { key: null })).status).toBe(200)
  expect((await harness.raw('GET', '/metrics', { key: null })).status).toBe(200)
})

test.each(['localhost', 'localhost:9123', 'LOCALHOST', '127.0.0.1:9123', '127.1.2.3', '[::1]', '[::1]:9123'])(
  'answers as %s',
  async (host) => {
    expect((await ask({ host }, 'POST')).status).toBe(200)
  },
)

test.each([
  'evil.example.com',
  'localhost.evil.com',
  'evil.com:9123',
  '192.168.0.7:9123',
  '127.0.0.1.evil.com',
  '0.0.0.0',
  '',
  undefined,
])('does not answer as %s', async (host) => {
  const { status, json } = await ask({ host }, 'POST')
  expect({ status, code: json.code }).toEqual({ status: 403, code: 'unauthorized' })
})

test('refuses what is no host', async () => {
  expect((await ask({ host: 'localhost:9123:80' }, 'POST')).status).toBe(400)
})

test.each(['http://localhost:5173', 'http://127.0.0.1:3000', 'https://localhost', 'http://[::1]:8080'])(
  'lets a page of %s read and write',
  async (origin) => {
    const { status, headers } = await ask({ origin }, 'POST')
    expect(status).toBe(200)
    expect(headers.get('access-control-allow-origin')).toBe(origin)
    const preflight = await ask({ origin, 'access-control-request-method': 'POST' }, 'OPTIONS')
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST')
  },
)

test.each([
  'https://evil.example.com',
  'null',
  'http://localhost.evil.com',
  'http://evil.com#localhost',
  'file://',
  '',
])('refuses a page of %j, also to be asked', async (origin) => {
  expect((await ask({ origin }, 'POST')).status).toBe(403)
  expect((await ask({ origin, 'access-control-request-method': 'POST' }, 'OPTIONS')).status).toBe(403)
})

test('a server with authentication does not look at host and origin', async () => {
  const open = new Harness()
  const headers = { host: 'ironflow.example.com', origin: 'https://elsewhere.example.com' }
  expect((await open.raw('GET', '/api/v1/config', { headers })).status).toBe(200)
})
