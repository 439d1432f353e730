import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Harness } from '../support/harness'

const harness = new Harness({ limits: { bucketsPerEnvironment: 20, maxValueSize: 200 } })

const awkward = fc.constantFrom(
  '..',
  '.',
  '%2e%2e',
  '%00',
  '%0d%0a',
  '%ff',
  '%',
  '%zz',
  '%252f',
  '%2F',
  '__proto__',
  'constructor',
  'stream',
  'SYS_config',
  '*',
  '%3E',
  'a..b',
  'a b',
  'ключ',
  '%D0%BA',
  '😀',
  '\ud800',
  '-1',
  '0',
  '9007199254740993',
  'NaN',
  'true',
  '',
  '"',
  "'",
  '\\',
)
const word = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom('a', 'b', 'limits') },
  awkward,
  fc.string({ maxLength: 12, unit: 'binary' }),
)
const route = fc.constantFrom(
  '/api/v1/config',
  '/api/v1/config/X',
  '/api/v1/config/X/history',
  '/api/v1/config/X/rollback',
  '/api/v1/kv/buckets',
  '/api/v1/kv/buckets/X',
  '/api/v1/kv/buckets/X/keys',
  '/api/v1/kv/buckets/X/keys/X',
  '/api/v1/kv/buckets/X/keys/X/X',
  '/api/v1/apikeys',
  '/api/v1/apikeys/X',
  '/api/v1/environments',
  '/health',
  '/X',
)
const query = fc.array(
  fc.tuple(
    fc.constantFrom(
      'limit',
      'cursor',
      'filter',
      'values',
      'revision',
      'history',
      'purge',
      'ttlSeconds',
      'ifExists',
      'x',
    ),
    word,
  ),
  { maxLength: 3 },
)
const headers = fc.dictionary(
  fc.constantFrom(
    'if-match',
    'if-none-match',
    'idempotency-key',
    'x-ironflow-environment',
    'x-ironflow-min-revision',
    'x-request-id',
    'content-type',
    'content-encoding',
    'accept',
    'origin',
    'traceparent',
  ),
  fc.oneof(
    word,
    fc.constantFrom('*', '1', '"1"', 'application/json', 'text/plain', 'text/plain; charset=utf-16', 'gzip'),
  ),
  { maxKeys: 4 },
)
const member = fc.constantFrom(
  'name',
  'history',
  'ttlSeconds',
  'maxBytes',
  'role',
  'scopes',
  'expiresAt',
  'revision',
  '__proto__',
)
const body = fc.oneof(
  fc.constant(undefined),
  fc.json({ maxDepth: 4 }),
  fc
    .dictionary(member, fc.oneof(word, fc.integer(), fc.constant(null), fc.double(), fc.array(word)))
    .map((it) => JSON.stringify(it)),
  fc.string({ unit: 'binary' }),
  fc.uint8Array({ maxLength: 300 }),
  fc.constantFrom(
    '{',
    '[[[[',
    '"\\ud800"',
    'null',
    '{"name":"b"}',
    '{"name":"k","role":"viewer"}',
    `"${'x'.repeat(300)}"`,
  ),
)

test('no request is answered with 500, however it is made, and each with what the document says', async () => {
  const seen = new Set<number>()
  const request = fc.tuple(
    fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'),
    route,
    fc.array(word, { minLength: 3, maxLength: 3 }),
    query,
    headers,
    body,
  )
  await fc.assert(
    fc.asyncProperty(request, async ([verb, path, words, params, given, content]) => {
      let next = 0
      const filled = path.replace(/X/g, () => words[next++] ?? '')
      const text = params.map(([name, value]) => `${name}=${value}`).join('&')
      const { status } = await harness.raw(verb, text === '' ? filled : `${filled}?${text}`, {
        headers: given,
        body: content,
      })
      seen.add(status)
      // The store's own limits are errors of the store, and the only ones.
      expect(status === 507 || status < 500, `${status}`).toBe(true)
    }),
    { numRuns: 3_000 },
  )
  // If it had not come past the first checks, it would have shown nothing.
  for (const status of [200, 204, 400, 404, 405, 415]) expect(seen).toContain(status)
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
})
