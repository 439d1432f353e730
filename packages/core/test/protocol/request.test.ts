import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ValidationError } from '../../src/errors/kinds'
import { RawJson } from '../../src/protocol/json'
import { METHODS, type MethodName } from '../../src/protocol/methods'
import { encodeRequest } from '../../src/protocol/request'
import { encodeJson, encodeValue } from '../../src/protocol/value'
import { AWKWARD_KEYS, anyKey } from './arbitraries'
import { callOf, overTheWire } from './wire'

type Arbitraries = Record<string, fc.Arbitrary<unknown>>

const integer = fc.maxSafeNat()
const text = fc.string({ unit: 'binary', minLength: 1 })
const page = { limit: integer, cursor: text }
const ifRevision = fc.record(
  { ifRevision: integer, ifEpoch: fc.stringMatching(/^[A-Za-z0-9]{1,64}$/) },
  { requiredKeys: ['ifRevision'] },
)
const document = fc.dictionary(text, fc.jsonValue(), { maxKeys: 4 })
const at = { bucket: anyKey, key: anyKey }

/** Required parameters, and those that may be there, of every method. */
const PARAMS: Record<MethodName, [required: Arbitraries, optional?: Arbitraries]> = {
  'config.list': [{}, page],
  'config.get': [{ name: anyKey }, { revision: integer }],
  'config.set': [{ name: anyKey, data: document }],
  'config.patch': [{ name: anyKey, fields: document }],
  'config.delete': [{ name: anyKey }],
  'config.history': [{ name: anyKey }, page],
  'config.rollback': [{ name: anyKey, revision: integer }],
  'kv.createBucket': [
    { name: text },
    { ifExists: fc.constantFrom('fail', 'update'), ttlSeconds: integer, description: text },
  ],
  'kv.listBuckets': [{}, page],
  'kv.getBucketInfo': [{ bucket: anyKey }],
  'kv.updateBucket': [{ bucket: anyKey }, { history: integer, description: text }],
  'kv.deleteBucket': [{ bucket: anyKey }],
  'kv.keys': [{ bucket: anyKey }, { filter: text, ...page }],
  'kv.entries': [{ bucket: anyKey }, { filter: text, ...page }],
  'kv.get': [at, { revision: integer }],
  'kv.history': [at, page],
  'kv.put': [at, { ttlSeconds: integer }],
  'kv.create': [at, { ttlSeconds: integer }],
  'kv.update': [at, { ttlSeconds: integer }],
  'kv.delete': [at],
  'kv.purge': [at],
  'admin.apiKeys.create': [{ name: text, role: fc.constant('viewer') }, { scopes: fc.array(text) }],
  'admin.apiKeys.list': [{}, page],
  'admin.apiKeys.revoke': [{ id: anyKey }],
  'admin.environments': [{}],
}

const METHODS_WITH_IF_MATCH = (Object.keys(METHODS) as MethodName[]).filter((name) => 'ifMatch' in METHODS[name])

describe('a call arrives as it was made', () => {
  test.each(Object.entries(PARAMS) as Array<[MethodName, [Arbitraries, Arbitraries?]]>)(
    '%s',
    (method, [required, optional = {}]) => {
      const params = fc.record({ ...required, ...optional }, { requiredKeys: Object.keys(required) })
      const condition = METHODS_WITH_IF_MATCH.includes(method)
        ? fc.oneof(ifRevision, method === 'kv.update' ? ifRevision : fc.constant({}))
        : fc.constant({})
      const value = method.startsWith('kv.') && 'body' in METHODS[method] && METHODS[method].body === 'value'
      fc.assert(
        fc.property(params, condition, fc.string({ unit: 'binary' }), (given, conditions, content) => {
          const sent = { ...given, ...conditions, ...(value ? { value: content, encoding: 'text' } : {}) }
          // Documents have no prototype here, as fast-check makes them.
          const received = overTheWire(method, sent)
          expect({ ...received, params: JSON.stringify(received.params, sorted) }).toEqual({
            method,
            params: JSON.stringify(sent, sorted),
          })
        }),
        { numRuns: 60 },
      )
    },
  )

  test.each(AWKWARD_KEYS)('with the key %j', (key) => {
    expect(overTheWire('kv.get', { bucket: 'b', key })).toEqual({ method: 'kv.get', params: { bucket: 'b', key } })
  })

  test('with createOnly', () => {
    const params = { name: 'limits', data: { a: 1 }, createOnly: true }
    expect(overTheWire('config.set', params)).toEqual({ method: 'config.set', params })
  })

  test.each([
    [null, 'json'],
    [false, 'json'],
    ['', 'text'],
    ['a\r\nb\0', 'text'],
    ['\ufeffbom', 'text'],
    ['\ud800', 'json'],
    [new Uint8Array(), 'base64'],
    [Uint8Array.of(0, 255, 13, 10), 'base64'],
    [{ deep: [1.5, null] }, 'json'],
  ])('with the value %j as %s', (value, encoding) => {
    const { params } = overTheWire('kv.put', { bucket: 'b', key: 'k', ...encodeValue(value) })
    expect(params.encoding).toBe(encoding)
    expect(params.value instanceof RawJson ? JSON.parse(params.value.text) : params.value).toStrictEqual(value)
  })

  test('with every digit of its numbers', () => {
    const raw = new RawJson('{"n":12345678901234567890.10}')
    const { params } = overTheWire('kv.put', { bucket: 'b', key: 'k', value: raw, encoding: 'json' })
    expect(params.value).toEqual(raw)
  })

  test('with a member called __proto__, which stays an ordinary one', () => {
    const data = encodeJson(JSON.parse('{"__proto__":{"polluted":1}}'), 'data')
    const { params } = overTheWire('config.set', { name: 'a', data })
    expect(Object.keys(params.data as object)).toEqual(['__proto__'])
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })
})

describe('a call as a request', () => {
  test('has what surrounds it in its headers', () => {
    const { headers } = encodeRequest({
      method: 'kv.get',
      params: { bucket: 'b', key: 'k' },
      requestId: 'r-1',
      environment: 'prod-eu',
      idempotencyKey: 'i-1',
      minPosition: '0-e',
      traceparent: '00-a-b-01',
    })
    expect(headers).toEqual({
      'x-request-id': 'r-1',
      'x-ironflow-environment': 'prod-eu',
      'idempotency-key': 'i-1',
      'x-ironflow-min-revision': '0-e',
      traceparent: '00-a-b-01',
    })
  })

  test('that only reads has no body and no content type', () => {
    const request = encodeRequest(callOf('config.get', { name: 'a' }))
    expect(request).toEqual({ verb: 'GET', target: '/api/v1/config/a', headers: { 'x-request-id': 'r' } })
  })

  test('kv.update without a revision is refused: it would be sent as a put', () => {
    const params = { bucket: 'b', key: 'k', value: 'v', encoding: 'text', ifRevision: undefined }
    expect(() => encodeRequest(callOf('kv.update', params))).toThrow(ValidationError)
    expect(overTheWire('kv.update', { ...params, ifRevision: 0 }).method).toBe('kv.update')
  })

  test('does not send another text for a filter that UTF-8 cannot carry', () => {
    expect(() => encodeRequest(callOf('kv.keys', { bucket: 'b', filter: 'a\ud800' }))).toThrow(/^filter: /)
  })

  test('does not change its parameters', () => {
    const params = Object.freeze({ name: 'a', data: Object.freeze({ b: 1 }), ifRevision: 3 })
    expect(() => encodeRequest(callOf('config.set', params))).not.toThrow()
  })
})

/** Members in one order: which one they are decoded in is nobody's business. */
function sorted(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
}
