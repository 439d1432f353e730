import { describe, expect, test } from 'vitest'
import { ConnectionError, ValidationError } from '../src/errors/kinds'
import { type ClientOptions, DEFAULTS, resolveOptions } from '../src/options'
import { FakePlatform } from './fake-platform'

function resolve(options: ClientOptions = {}, variables: Record<string, string> = {}) {
  const platform = new FakePlatform()
  Object.assign(platform.variables, variables)
  return resolveOptions(options, platform)
}

/** Options as they come from code that no compiler has seen. */
function refused(options: object, variables: Record<string, string> = {}): Record<string, string> {
  try {
    resolve(options, variables)
  } catch (error) {
    if (error instanceof ValidationError) return error.fields
    throw error
  }
  throw new Error('the options were to be refused')
}

describe('nothing given', () => {
  test('means the defaults', () => {
    expect(resolve()).toMatchObject({
      serverUrls: ['http://localhost:9123'],
      apiKey: undefined,
      environment: undefined,
      timeoutMs: 30_000,
      attemptTimeoutMs: 10_000,
      retry: { maxAttempts: 4, baseDelayMs: 100, maxDelayMs: 30_000 },
      headers: {},
    })
  })

  test('means what the environment variables say', () => {
    const variables = { IRONFLOW_SERVER_URL: 'https://host/base/', IRONFLOW_API_KEY: 'ifkey_1', IRONFLOW_ENV: 'prod' }
    expect(resolve({}, variables)).toMatchObject({
      serverUrls: ['https://host/base'],
      apiKey: 'ifkey_1',
      environment: 'prod',
    })
    expect(resolve({ serverUrl: 'http://other', apiKey: 'k', environment: 'dev' }, variables)).toMatchObject({
      serverUrls: ['http://other'],
      apiKey: 'k',
      environment: 'dev',
    })
  })

  test('includes what is given as undefined', () => {
    const retry = { maxAttempts: undefined } as unknown as { maxAttempts: number }
    expect(resolve({ serverUrl: undefined, timeoutMs: undefined, retry })).toMatchObject({
      serverUrls: [DEFAULTS.serverUrl],
      timeoutMs: DEFAULTS.timeoutMs,
      retry: DEFAULTS.retry,
    })
  })
})

describe('a server URL', () => {
  test.each([
    ['http://localhost:9123/', 'http://localhost:9123'],
    ['https://h/a//', 'https://h/a'],
    [' http://h ', 'http://h'],
    ['HTTP://Host:80', 'http://host'],
    ['http://[::1]:9123', 'http://[::1]:9123'],
  ])('%j is %s', (given, url) => {
    expect(resolve({ serverUrl: given }).serverUrls).toEqual([url])
  })

  test.each([
    '',
    'localhost:9123',
    '/api',
    'ftp://h',
    'ws://h',
    'http://',
    'http://h?x=1',
    'http://h/?',
    'http://h/#',
    'http://u:p@h',
    'http://:p@h',
    'http://h:99999',
    5,
    null,
    {},
    ['http://h', 'nope'],
    [],
  ])('%j is refused by name', (serverUrl) => {
    // null is "not given" for an option, as `??` has it.
    if (serverUrl === null) expect(resolve({ serverUrl: serverUrl as never }).serverUrls).toEqual([DEFAULTS.serverUrl])
    else expect(refused({ serverUrl })).toHaveProperty('serverUrl')
  })

  test('from the environment is checked as well', () => {
    expect(refused({}, { IRONFLOW_SERVER_URL: 'localhost' })).toHaveProperty('serverUrl')
    expect(refused({}, { IRONFLOW_ENV: 'Prod' })).toHaveProperty('environment')
    expect(refused({}, { IRONFLOW_API_KEY: 'a b' })).toHaveProperty('apiKey')
  })
})

describe('a bad value is named', () => {
  test.each<[string, object]>([
    ['apiKey', { apiKey: '' }],
    ['apiKey', { apiKey: 'line\nbreak' }],
    ['apiKey', { apiKey: 'ключ' }],
    ['apiKey', { apiKey: 5 }],
    ['environment', { environment: '' }],
    ['environment', { environment: 'a_b' }],
    ['timeoutMs', { timeoutMs: 0 }],
    ['timeoutMs', { timeoutMs: '500' }],
    ['timeoutMs', { timeoutMs: Number.NaN }],
    ['attemptTimeoutMs', { attemptTimeoutMs: -1 }],
    ['retry.maxAttempts', { retry: { maxAttempts: 0 } }],
    ['retry.baseDelayMs', { retry: { baseDelayMs: 'fast' } }],
    ['retry.maxDelayMs', { retry: { maxDelayMs: Number.NaN } }],
    ['headers.bad name', { headers: { 'Bad Name': 'x' } }],
    ['headers.x-a', { headers: { 'X-A': 'a\r\nx-injected: 1' } }],
    ['headers.x-a', { headers: { 'x-a': 'ключ' } }],
    ['headers.x-a', { headers: { 'x-a': 5 } }],
  ])('%s: %j', (field, options) => {
    expect(Object.keys(refused(options))).toEqual([field])
  })

  test('together with all the others, and without the key in the message', () => {
    const fields = refused({ serverUrl: 'x', apiKey: 'secret key', timeoutMs: 0 })
    expect(Object.keys(fields)).toEqual(['serverUrl', 'apiKey', 'timeoutMs'])
    expect(JSON.stringify(fields)).not.toContain('secret')
  })
})

test('retries can be off, and partly given', () => {
  expect(resolve({ retry: false }).retry.maxAttempts).toBe(1)
  expect(resolve({ retry: { maxAttempts: 9 } }).retry).toEqual({ ...DEFAULTS.retry, maxAttempts: 9 })
  expect(resolve({ timeoutMs: Number.POSITIVE_INFINITY }).timeoutMs).toBe(Number.POSITIVE_INFINITY)
})

test("the caller's object is neither changed nor kept", () => {
  const headers = { 'X-Tenant': 'a' }
  const serverUrl = ['http://a/', 'http://b/']
  const retry = { maxAttempts: 2 }
  const options = Object.freeze({
    headers: Object.freeze(headers),
    serverUrl: Object.freeze(serverUrl) as string[],
    retry,
  })
  const resolved = resolve(options)
  expect(resolved.headers).toEqual({ 'x-tenant': 'a' })
  retry.maxAttempts = 99
  expect(resolved.retry.maxAttempts).toBe(2)
  expect(options).toEqual({ headers: { 'X-Tenant': 'a' }, serverUrl: ['http://a/', 'http://b/'], retry })
})

describe('a logger', () => {
  function logged(options: ClientOptions = {}) {
    const lines: string[] = []
    const log = (level: string) => (message: string) => void lines.push(`${level} ${message}`)
    const logger = { error: log('error'), warn: log('warn'), info: log('info'), debug: log('debug') }
    return { lines, resolved: resolve({ logger, ...options }) }
  }
  const error = new ConnectionError('connect ECONNREFUSED', 'connection_failed')
  const context = { method: 'config.get', endpoint: 'http://h', attempts: 4 }

  test('gets errors and changes of the status, each at its level', () => {
    const { lines, resolved } = logged()
    resolved.onError?.(error, context)
    resolved.onStatus?.({ state: 'connecting', transport: 'websocket' })
    resolved.onStatus?.({ state: 'live', since: 0, transport: 'websocket' })
    resolved.onStatus?.({ state: 'interrupted', error, retryAt: 0, transport: 'websocket' })
    expect(lines).toEqual([
      'error ironflow: config.get: connect ECONNREFUSED',
      'debug ironflow: connecting',
      'info ironflow: live',
      'warn ironflow: interrupted: connect ECONNREFUSED',
    ])
  })

  test('gets nothing that something else listens to', () => {
    const seen: unknown[] = []
    const { lines, resolved } = logged({
      onError: (error) => seen.push(error),
      onStatus: (status) => seen.push(status),
    })
    resolved.onError?.(error, context)
    resolved.onStatus?.({ state: 'idle', transport: 'websocket' })
    expect([lines, seen.length]).toEqual([[], 2])
  })

  test('is silent by default, and is checked', () => {
    expect([resolve().onError, resolve().onStatus]).toEqual([undefined, undefined])
    expect(refused({ logger: { info() {} } })).toHaveProperty('logger')
  })
})
