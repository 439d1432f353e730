import { describe, expect, it } from 'vitest'
import { connectionSettings } from '../../src/doctor/connection'
import {
  judgeAddress,
  judgeClock,
  judgeEnvironment,
  judgeKey,
  judgeVersions,
  unreachable,
} from '../../src/doctor/judge'
import { judgeTransport } from '../../src/doctor/transport'

const server = { value: 'http://localhost:9123', source: 'default' }
const key = { value: 'ifkey_x', source: '--key' }
const response = (status: number, body?: Record<string, unknown>, headers: Record<string, string> = {}) => ({
  status,
  body,
  headers: new Headers(headers),
})
const failure = (code: string) =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(`x ${code}`), { code }) })

describe('connectionSettings', () => {
  it('takes an option before its variable before the default, and says which', () => {
    const variables: Record<string, string> = { IRONFLOW_SERVER_URL: 'http://b', IRONFLOW_API_KEY: 'k' }
    const read = (name: string) => variables[name]
    expect(connectionSettings({ server: 'http://a' }, read)).toEqual({
      server: { value: 'http://a', source: '--server' },
      key: { value: 'k', source: 'IRONFLOW_API_KEY' },
      environment: undefined,
    })
    expect(connectionSettings({}, read).server.source).toBe('IRONFLOW_SERVER_URL')
    expect(connectionSettings({}, () => undefined).server).toEqual({
      value: 'http://localhost:9123',
      source: 'default',
    })
  })
})

describe('the address', () => {
  it.each([
    ['ECONNREFUSED', /ironflow serve --dev/],
    ['ENOTFOUND', /does not resolve/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', /write http:\/\//],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /NODE_EXTRA_CA_CERTS/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /NODE_EXTRA_CA_CERTS/],
    ['UND_ERR_CONNECT_TIMEOUT', /firewall/],
    ['ECONNRESET', /needs https:\/\//],
    ['EWHATEVER', /check the address/],
  ])('that gives %s fails with advice', (code, advice) => {
    expect(unreachable(server, failure(code))).toMatchObject({
      check: 'address',
      verdict: 'failed',
      text: `http://localhost:9123 (default): x ${code}`,
      advice: expect.stringMatching(advice),
      exitCode: 6,
    })
  })

  it('looks into the errors of several addresses', () => {
    const cause = new AggregateError([Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })])
    expect(unreachable(server, new TypeError('fetch failed', { cause })).text).toContain('refused')
  })

  it('is right only where Ironflow answers', () => {
    expect(judgeAddress(server, response(200, { status: 'ok' }), 3.4)).toMatchObject({ verdict: 'ok' })
    expect(judgeAddress(server, response(200, { status: 'up' }), 3)).toMatchObject({ verdict: 'failed', exitCode: 6 })
    expect(judgeAddress(server, response(404), 3).text).toContain('HTTP status 404')
  })
})

describe('the clock', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  it.each([
    [0, 'ok'],
    [30, 'ok'],
    [-30, 'ok'],
    [31, 'warning'],
    [-31, 'warning'],
  ])('of a server that is ahead by %i s is %s', (seconds, verdict) => {
    expect(judgeClock(new Date(now + seconds * 1000).toUTCString(), now).verdict).toBe(verdict)
  })

  it('says by how much it differs', () => {
    expect(judgeClock(new Date(now + 90_000).toUTCString(), now).text).toBe('the server is 90 s ahead of this machine')
    expect(judgeClock(new Date(now - 90_000).toUTCString(), now).text).toBe('the server is 90 s behind this machine')
    expect(judgeClock(null, now).verdict).toBe('skipped')
  })
})

describe('the key', () => {
  it('is accepted, not needed, missing or unknown', () => {
    expect(judgeKey(key, response(200))).toEqual({ check: 'key', verdict: 'ok', text: 'from --key, accepted' })
    expect(judgeKey(undefined, response(200)).text).toBe('none given, and none needed')
    const missing = judgeKey(undefined, response(401, { detail: 'an API key is needed' }))
    expect(missing).toMatchObject({ verdict: 'failed', text: 'none given: an API key is needed', exitCode: 5 })
    expect(missing.advice).toContain('bootstrap-key.json')
    expect(judgeKey(key, response(401)).advice).toContain('revoked')
    expect(judgeKey(key, response(403)).advice).toMatch(/may do nothing.*scopes/)
  })

  it('is never printed', () => {
    expect(JSON.stringify([judgeKey(key, response(200)), judgeKey(key, response(401))])).not.toContain('ifkey_x')
  })
})

describe('versions', () => {
  it('agree where major and minor do', () => {
    expect(judgeVersions('0.1.0', '0.1.9', '20.19.0').verdict).toBe('ok')
    expect(judgeVersions('0.1.0', '0.2.0', '20.19.0')).toMatchObject({ verdict: 'warning', advice: expect.any(String) })
  })
})

describe('the environment', () => {
  const given = { value: 'prdo', source: '--env' }
  const read = (name: string) => response(200, {}, { 'x-ironflow-environment': name })

  it('without data is a warning where it was given: it may be misspelt', () => {
    expect(judgeEnvironment(given, read('prdo'), ['default', 'prod'])).toEqual({
      check: 'environment',
      verdict: 'warning',
      text: 'prdo (--env) has no data yet',
      advice: 'if that is a typing error: there are default, prod',
    })
    expect(judgeEnvironment(undefined, read('default'), []).verdict).toBe('ok')
    expect(judgeEnvironment(given, read('prdo'), ['prdo']).verdict).toBe('ok')
    expect(judgeEnvironment(given, read('prdo'), undefined).verdict).toBe('ok')
  })

  it.each([
    [403, 5],
    [400, 2],
  ])('that is refused with %i fails with exit code %i', (status, exitCode) => {
    expect(judgeEnvironment(given, response(status), [])).toMatchObject({ verdict: 'failed', exitCode })
  })
})

describe('the transport', () => {
  it('is a warning where it is not a WebSocket', () => {
    expect(judgeTransport('websocket', undefined).verdict).toBe('ok')
    expect(judgeTransport('sse', 'the upgrade was answered with 502')).toMatchObject({
      verdict: 'warning',
      text: 'watches go over sse: the upgrade was answered with 502',
    })
  })
})
