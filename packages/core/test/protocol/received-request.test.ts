import { describe, expect, test } from 'vitest'
import { ValidationError } from '../../src/errors/kinds'
import { RawJson } from '../../src/protocol/json'
import { type MethodName, methodRow } from '../../src/protocol/methods'
import { decodeRequest, rowApplies } from '../../src/protocol/request'
import { LIMITS } from './wire'

interface Given {
  query?: string
  headers?: Record<string, string>
  body?: string | Uint8Array
}

function request({ query = '', headers = {}, body = '' }: Given) {
  return {
    pathParams: { name: 'n', bucket: 'b', key: 'k' },
    query,
    header: (name: string) => headers[name],
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
  }
}

function decode(method: MethodName, given: Given): Record<string, unknown> {
  return decodeRequest(methodRow(method), request(given), LIMITS).params
}

function refusal(method: MethodName, given: Given): ValidationError {
  try {
    decode(method, given)
  } catch (error) {
    if (error instanceof ValidationError) return error
    throw error
  }
  throw new Error('the request was to be refused')
}

const json = { 'content-type': 'application/json' }

describe('a query is refused that', () => {
  test.each<[string, MethodName, string, string]>([
    ['has an unknown parameter', 'kv.keys', 'filter=a&fliter=b', 'fliter'],
    ['has one that belongs to another route', 'kv.get', 'limit=1', 'limit'],
    ['has one twice', 'kv.keys', 'limit=1&limit=2', 'limit'],
    ['has a negative number', 'kv.keys', 'limit=-1', 'limit'],
    ['has a fraction', 'kv.keys', 'limit=1.5', 'limit'],
    ['has an exponent', 'kv.keys', 'limit=1e3', 'limit'],
    ['has a number in hex', 'kv.keys', 'limit=0x10', 'limit'],
    ['has no number', 'kv.keys', 'limit=', 'limit'],
    ['has a number with a space', 'kv.keys', 'limit=+1', 'limit'],
    ['has a number beyond 2^53', 'kv.get', 'revision=9007199254740993', 'revision'],
    ['has a flag that is neither true nor false', 'kv.keys', 'values=1', 'values'],
    ['has broken percent-encoding', 'kv.keys', 'filter=%zz', 'query'],
    ['has percent-encoding that is no UTF-8', 'kv.keys', 'filter=%ff', 'query'],
    ['has a name every object has', 'kv.keys', '__proto__=1', '__proto__'],
    ['has a nameless parameter', 'kv.keys', '=1', ''],
  ])('%s', (_, method, query, place) => {
    const error = refusal(method, { query })
    expect(error.code).toBe('invalid_request')
    expect(Object.keys(error.fields)).toEqual([place])
  })

  test('but not one that says the flag of another row is false', () => {
    expect(decode('kv.keys', { query: 'values=false&filter=a' })).toMatchObject({ filter: 'a' })
  })
})

describe('preconditions', () => {
  test.each(['5', '"5"', 'W/"5"'])('If-Match: %s', (value) => {
    expect(decode('config.delete', { headers: { 'if-match': value } })).toMatchObject({ ifRevision: 5 })
  })

  test('If-Match with an ETag has its epoch', () => {
    const params = decode('config.delete', { headers: { 'if-match': '"5-abc"' } })
    expect(params).toMatchObject({ ifRevision: 5, ifEpoch: 'abc' })
  })

  test.each<[string, MethodName, Record<string, string>, string]>([
    ['both at once', 'config.set', { ...json, 'if-match': '5', 'if-none-match': '*' }, 'if-none-match'],
    ['If-Match: *', 'config.delete', { 'if-match': '*' }, 'if-match'],
    ['a list of ETags', 'config.delete', { 'if-match': '"1", "2"' }, 'if-match'],
    ['If-None-Match with an ETag', 'config.set', { ...json, 'if-none-match': '"5"' }, 'if-none-match'],
    ['If-None-Match where it means nothing', 'config.patch', { ...json, 'if-none-match': '*' }, 'if-none-match'],
    ['If-Match where it means nothing', 'kv.deleteBucket', { 'if-match': '5' }, 'if-match'],
  ])('%s: refused', (_, method, headers, place) => {
    expect(Object.keys(refusal(method, { headers, body: '{}' }).fields)).toEqual([place])
  })

  test('of a read are about caching, and none of the parameters', () => {
    expect(decode('config.get', { headers: { 'if-none-match': '"5-abc"' } })).toEqual(request({}).pathParams)
  })
})

describe('a body', () => {
  test.each(['[]', 'null', '"text"', '5'])('%s is no JSON object', (body) => {
    expect(refusal('config.set', { headers: json, body })).toMatchObject({ code: 'invalid_request' })
  })

  test.each([undefined, 'text/plain', 'application/problem+json', 'application/jsonx', ''])(
    'of type %s is 415',
    (type) => {
      const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type }
      expect(refusal('config.patch', { headers, body: '{}' })).toMatchObject({
        code: 'unsupported_media_type',
        status: 415,
      })
    },
  )

  test.each(['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"', 'application/json ; x=y'])(
    'of type %s is JSON',
    (type) => {
      expect(decode('config.set', { headers: { 'content-type': type }, body: '{"a":1}' })).toMatchObject({
        data: new RawJson('{"a":1}'),
      })
    },
  )

  test.each(['application/json; charset=latin1', 'text/plain; charset=utf-16'])('of type %s is 415', (type) => {
    expect(refusal('kv.put', { headers: { 'content-type': type }, body: '1' }).status).toBe(415)
  })

  test.each([
    ['application/json', 'config.set'],
    ['text/plain', 'kv.put'],
    ['application/json', 'kv.put'],
  ] as const)('of type %s that is no UTF-8 is refused by %s', (type, method) => {
    const given = { headers: { 'content-type': type }, body: Uint8Array.of(0x22, 0xff, 0x22) }
    expect(Object.keys(refusal(method, given).fields)).toEqual(['body'])
  })

  test('of any other type is bytes, as they are', () => {
    const body = Uint8Array.of(0, 255)
    expect(decode('kv.put', { headers: { 'content-type': 'image/png' }, body })).toMatchObject({
      encoding: 'base64',
      value: body,
    })
  })

  test.each([undefined, '', ' ', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'of type %j does not say how a value is stored',
    (type) => {
      const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type }
      const error = refusal('kv.put', { headers, body: 'false' })
      expect(error).toMatchObject({ code: 'unsupported_media_type', status: 415 })
      expect(error.message).toContain('send "content-type: application/json"')
    },
  )

  test.each(['bucket', 'ifRevision', 'ifEpoch'])('cannot carry %s, which travels elsewhere', (name) => {
    const body = JSON.stringify({ [name]: 'x' })
    expect(Object.keys(refusal('kv.updateBucket', { headers: json, body }).fields)).toEqual([name])
  })

  test('with a member called __proto__ pollutes nothing', () => {
    const params = decode('kv.updateBucket', { headers: json, body: '{"__proto__":{"polluted":1}}' })
    expect(Object.getPrototypeOf(params)).toBe(Object.prototype)
    expect(Object.hasOwn(params, '__proto__')).toBe(true)
  })
})

describe('rows that share a route', () => {
  test.each<[MethodName, Given, boolean]>([
    ['kv.entries', { query: 'values=true' }, true],
    ['kv.entries', { query: 'values=false' }, false],
    ['kv.entries', { query: '' }, false],
    ['kv.keys', { query: 'values=true' }, true],
    ['kv.purge', { query: 'purge=true' }, true],
    ['kv.create', { headers: { 'if-none-match': '*' } }, true],
    ['kv.create', {}, false],
    ['kv.update', { headers: { 'if-match': '1' } }, true],
  ])('%s of %j: %s', (method, given, applies) => {
    expect(rowApplies(methodRow(method), request(given))).toBe(applies)
  })
})
