import { expect, test } from 'vitest'
import { Harness } from '../support/harness'

const harness = new Harness()
const LONG = 'k'.repeat(513)
const kv = (rest: string) => `/api/v1/kv/buckets/b/keys/${rest}`

const REFUSED: [what: string, verb: string, target: string, status: number, field: string, sent?: object][] = [
  ['a document name with a dot', 'GET', '/api/v1/config/a.b', 400, 'name'],
  ['a document name that begins with _', 'GET', '/api/v1/config/_a', 400, 'name'],
  ['a document name too long', 'GET', `/api/v1/config/${'a'.repeat(129)}`, 400, 'name'],
  ['the reserved document name', 'POST', '/api/v1/config/stream', 400, 'name', { body: {} }],
  ['an encoded slash in a document name', 'GET', '/api/v1/config/a%2Fb', 400, 'name'],
  ['a bucket name with a dot', 'GET', '/api/v1/kv/buckets/a.b', 400, 'bucket'],
  ['a bucket name too long', 'GET', `/api/v1/kv/buckets/${'a'.repeat(65)}`, 400, 'bucket'],
  ['a system bucket', 'GET', '/api/v1/kv/buckets/SYS_config/keys', 400, 'bucket'],
  ['a new system bucket', 'POST', '/api/v1/kv/buckets', 400, 'name', { body: { name: 'SYS_x' } }],
  ['an empty key', 'GET', kv(''), 400, 'key'],
  ['a key too long', 'GET', kv(LONG), 400, 'key'],
  ['a key with an empty token', 'PUT', kv('a..b'), 400, 'key', { body: 1 }],
  ['a key that ends with a dot', 'PUT', kv('a.'), 400, 'key', { body: 1 }],
  ['a key with a space', 'PUT', kv('a%20b'), 400, 'key', { body: 1 }],
  ['a key with a no-break space', 'PUT', kv('a%C2%A0b'), 400, 'key', { body: 1 }],
  ['a key with a wildcard', 'PUT', kv('a.*'), 400, 'key', { body: 1 }],
  ['a key with a dot segment', 'PUT', kv('a%2F..%2Fb'), 400, 'key', { body: 1 }],
  ['a C1 control character', 'PUT', kv('a%C2%85'), 400, 'key', { body: 1 }],
  ['a filter with half a wildcard', 'GET', '/api/v1/kv/buckets/b/keys?filter=a*', 400, 'filter'],
  ['a filter with > in the middle', 'GET', '/api/v1/kv/buckets/b/keys?filter=%3E.a', 400, 'filter'],
  ['a limit of 0', 'GET', '/api/v1/config?limit=0', 400, 'limit'],
  ['a limit too high', 'GET', '/api/v1/config?limit=1001', 400, 'limit'],
  ['a limit that is no number', 'GET', '/api/v1/config?limit=ten', 400, 'limit'],
  ['a cursor of nowhere', 'GET', '/api/v1/config?cursor=AAAA', 400, 'cursor'],
  ['a cursor that is no base64url', 'GET', '/api/v1/config?cursor=%2B%2B', 400, 'cursor'],
  ['broken percent-encoding in the query', 'GET', '/api/v1/kv/buckets/b/keys?filter=%zz', 400, 'query'],
  ['an unknown query parameter', 'GET', '/api/v1/config?colour=red', 400, 'colour'],
  ['a query parameter given twice', 'GET', '/api/v1/config?limit=1&limit=2', 400, 'limit'],
  ['a flag that is neither true nor false', 'GET', '/api/v1/kv/buckets/b/keys?values=yes', 400, 'values'],
  ['a revision of 0', 'GET', '/api/v1/config/a?revision=0', 400, 'revision'],
  ['a negative revision', 'GET', kv('a?revision=-1'), 400, 'revision'],
  ['a revision beyond 2^53', 'GET', kv('a?revision=9007199254740993'), 400, 'revision'],
  ['a revision with a fraction', 'GET', kv('a?revision=1.5'), 400, 'revision'],
  ['a time-to-live of 0', 'PUT', kv('a?ttlSeconds=0'), 400, 'ttlSeconds', { body: 1 }],
  ['a time-to-live beyond all measure', 'PUT', kv('a?ttlSeconds=9999999999'), 400, 'ttlSeconds', { body: 1 }],
  ['a history too deep', 'POST', '/api/v1/kv/buckets', 400, 'history', { body: { name: 'b', history: 65 } }],
  ['a history that is text', 'POST', '/api/v1/kv/buckets', 400, 'history', { body: { name: 'b', history: '5' } }],
  [
    'a maxValueSize above the limit',
    'POST',
    '/api/v1/kv/buckets',
    400,
    'maxValueSize',
    { body: { name: 'b', maxValueSize: 1_000_001 } },
  ],
  ['an unknown bucket option', 'POST', '/api/v1/kv/buckets', 400, 'colour', { body: { name: 'b', colour: 1 } }],
  ['a bucket without a name', 'POST', '/api/v1/kv/buckets', 400, 'name', { body: {} }],
  [
    '__proto__ as an option',
    'POST',
    '/api/v1/kv/buckets',
    400,
    '__proto__',
    { body: '{"name":"b","__proto__":{"history":5}}' },
  ],
  [
    'a precondition in the body',
    'POST',
    '/api/v1/config/a/rollback',
    400,
    'ifRevision',
    { body: { revision: 1, ifRevision: 2 } },
  ],
  [
    'an If-Match that is no revision',
    'POST',
    '/api/v1/config/a',
    400,
    'if-match',
    { body: {}, headers: { 'if-match': 'abc' } },
  ],
  [
    'an If-Match of many',
    'POST',
    '/api/v1/config/a',
    400,
    'if-match',
    { body: {}, headers: { 'if-match': '"1", "2"' } },
  ],
  [
    'an If-None-Match of a revision on a write',
    'POST',
    '/api/v1/config/a',
    400,
    'if-none-match',
    { body: {}, headers: { 'if-none-match': '"1"' } },
  ],
  [
    'both preconditions',
    'PUT',
    kv('a'),
    400,
    'if-none-match',
    { body: 1, headers: { 'if-match': '1', 'if-none-match': '*' } },
  ],
  [
    'a minimal revision that is none',
    'GET',
    kv('a'),
    400,
    'x-ironflow-min-revision',
    { headers: { 'x-ironflow-min-revision': '-1' } },
  ],
  [
    'an idempotency key that is too long',
    'PUT',
    kv('a'),
    400,
    'idempotency-key',
    { body: 1, headers: { 'idempotency-key': 'x'.repeat(256) } },
  ],
  [
    'an environment with an underscore',
    'GET',
    kv('a'),
    400,
    'environment',
    { headers: { 'x-ironflow-environment': 'a_b' } },
  ],
  ['an environment in capitals', 'GET', kv('a'), 400, 'environment', { headers: { 'x-ironflow-environment': 'Prod' } }],
  ['a document that is a list', 'POST', '/api/v1/config/a', 400, 'body', { body: [] }],
  ['a document that is null', 'POST', '/api/v1/config/a', 400, 'body', { body: 'null' }],
  ['a document that is no JSON', 'POST', '/api/v1/config/a', 400, 'body', { body: '{"a":' }],
  ['a document with a trailing comma', 'POST', '/api/v1/config/a', 400, 'body', { body: '{"a":1,}' }],
  [
    'a document that is empty',
    'PATCH',
    '/api/v1/config/a',
    400,
    'body',
    { body: '', headers: { 'content-type': 'application/json' } },
  ],
  [
    'a document that is no UTF-8',
    'POST',
    '/api/v1/config/a',
    400,
    'body',
    { body: new Uint8Array([0x7b, 0xff, 0x7d]) },
  ],
  ['a value that is no JSON', 'PUT', kv('a'), 400, 'body', { body: 'nope' }],
  [
    'a text value that is no UTF-8',
    'PUT',
    kv('a'),
    400,
    'body',
    { body: new Uint8Array([0xc3]), headers: { 'content-type': 'text/plain' } },
  ],
  [
    'a document as text',
    'POST',
    '/api/v1/config/a',
    415,
    'content-type',
    { body: '{}', headers: { 'content-type': 'text/plain' } },
  ],
  [
    'a document in another charset',
    'POST',
    '/api/v1/config/a',
    415,
    'content-type',
    { body: '{}', headers: { 'content-type': 'application/json; charset=iso-8859-1' } },
  ],
  [
    'a compressed body',
    'POST',
    '/api/v1/config/a',
    415,
    'content-encoding',
    { body: '{}', headers: { 'content-encoding': 'gzip' } },
  ],
  ['a role that is none', 'POST', '/api/v1/apikeys', 400, 'role', { body: { name: 'x', role: 'root' } }],
  [
    'an expiry in the past',
    'POST',
    '/api/v1/apikeys',
    400,
    'expiresAt',
    { body: { name: 'x', role: 'viewer', expiresAt: '2001-01-01T00:00:00Z' } },
  ],
  [
    'an expiry that is no time',
    'POST',
    '/api/v1/apikeys',
    400,
    'expiresAt',
    { body: { name: 'x', role: 'viewer', expiresAt: 'tomorrow' } },
  ],
  [
    'a scope that is none',
    'POST',
    '/api/v1/apikeys',
    400,
    'scopes.1',
    { body: { name: 'x', role: 'viewer', scopes: ['read:kv:a', 'read:kv'] } },
  ],
  ['no scope at all', 'POST', '/api/v1/apikeys', 400, 'scopes', { body: { name: 'x', role: 'viewer', scopes: [] } }],
]

test.each(REFUSED)('refuses %s', async (_, verb, target, status, field, sent = {}) => {
  const answer = await harness.raw(verb, target, sent)
  expect(answer.json).toMatchObject({ status })
  expect(Object.keys(answer.json.fields)).toContain(field)
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
})

test('names everything that is wrong at once', async () => {
  const body = { name: '', role: 'root', environment: 'A', scopes: 'all', extra: 1 }
  const { json } = await harness.request('POST', '/api/v1/apikeys', { body })
  expect(Object.keys(json.fields).sort()).toEqual(['environment', 'extra', 'name', 'role', 'scopes'])
})

test('an error of JSON does not repeat the text', async () => {
  const { text } = await harness.request('POST', '/api/v1/config/a', { body: '{"password": hunter2}' })
  expect(text).not.toContain('hunter2')
})

const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`

test('takes a value nested to the limit and refuses one level more', async () => {
  expect((await harness.put('b/keys/deep', nested(64))).status).toBe(200)
  const { status, json } = await harness.put('b/keys/deep', nested(65))
  expect(status).toBe(400)
  expect(json.fields.value).toContain('jsonDepth')
})

test('brackets in strings are no depth', async () => {
  expect((await harness.put('b/keys/text', JSON.stringify(['[['.repeat(500), '\\"[[']))).status).toBe(200)
})

test('takes a document nested to the limit and refuses one level more', async () => {
  expect((await harness.request('POST', '/api/v1/config/deep', { body: `{"a":${nested(63)}}` })).status).toBe(200)
  const { status, json } = await harness.request('POST', '/api/v1/config/deep', { body: `{"a":${nested(64)}}` })
  expect(status).toBe(400)
  expect(JSON.stringify(json.fields)).toContain('jsonDepth')
})

test('a body of a million brackets is refused like any other', async () => {
  expect((await harness.put('b/keys/deep', nested(500_000))).status).toBe(400)
})
