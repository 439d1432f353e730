import { expect, test } from 'vitest'
import { Harness } from '../support/harness'

const harness = new Harness()
const KEYS = '/api/v1/kv/buckets/b/keys'

test.each([
  ['a .. segment', `${KEYS}/a/../b`],
  ['a . segment', `${KEYS}/a/./b`],
  ['a .. at the end', `${KEYS}/..`],
  ['an encoded ..', `${KEYS}/%2e%2E/secret`],
  ['half an encoded ..', `${KEYS}/.%2e/secret`],
  ['.. before the route', '/api/v1/../v1/config'],
  ['an encoded NUL', `${KEYS}/a%00b`],
  ['an encoded CR LF', `${KEYS}/a%0D%0Ax-evil:1`],
  ['an encoded DEL', `${KEYS}/a%7Fb`],
  ['a raw control character', `${KEYS}/a\u0001b`],
  ['raw bytes beyond ASCII', `${KEYS}/ключ`],
  ['a raw space', `${KEYS}/a b`],
  ['a backslash', `${KEYS}/..\\..\\secret`],
  ['broken percent-encoding', `${KEYS}/a%zz`],
  ['percent-encoding cut short', `${KEYS}/a%2`],
  ['percent-encoding that is no UTF-8', `${KEYS}/a%FF`],
  ['an overlong encoding', `${KEYS}/%C0%AE%C0%AE`],
  ['a lone surrogate', `${KEYS}/a%ED%A0%80`],
  ['a fragment', `${KEYS}/a#b`],
  ['no slash at the start', 'api/v1/config'],
])('refuses %s', async (_, target) => {
  for (const verb of ['GET', 'PUT', 'DELETE']) {
    const { status, json } = await harness.raw(verb, target, verb === 'PUT' ? { body: 1 } : {})
    expect({ status, code: json.code }).toEqual({ status: 400, code: 'invalid_request' })
    expect(Object.keys(json.fields)).toEqual(['path'])
  }
})

test('a target in absolute form is the same target', async () => {
  expect((await harness.raw('GET', 'http://localhost:9123/api/v1/config?limit=1')).status).toBe(200)
})

test.each([
  '//',
  '/api',
  '/api/v1',
  '/api/v1/config/',
  '/api/v1/configs',
  '/api//v1/config',
  '/API/v1/config',
  '/health/',
])('%s is no route, or one of an empty name', async (target) => {
  const { status } = await harness.raw('GET', target)
  expect(status).toBe(target === '/api/v1/config/' ? 400 : 404)
})

test.each([
  ['PUT', '/api/v1/config/a', 'GET, POST, PATCH, DELETE, HEAD, OPTIONS'],
  ['POST', '/api/v1/kv/buckets/b/keys/a', 'GET, PUT, DELETE, HEAD, OPTIONS'],
  ['DELETE', '/api/v1/config', 'GET, HEAD, OPTIONS'],
  ['POST', '/health', 'GET, HEAD, OPTIONS'],
  ['TRACE', '/api/v1/config', 'GET, HEAD, OPTIONS'],
])('%s %s is a 405 that says what is allowed', async (verb, target, allow) => {
  const { status, json, headers } = await harness.raw(verb, target)
  expect({ status, code: json.code }).toEqual({ status: 405, code: 'method_not_allowed' })
  expect(headers.get('allow')).toBe(allow)
})
