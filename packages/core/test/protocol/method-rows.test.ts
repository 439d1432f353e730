import { expect, test } from 'vitest'
import { ValidationError } from '../../src/errors/kinds'
import type { Call } from '../../src/protocol/call'
import { isMutating, METHODS, type MethodRow } from '../../src/protocol/methods'
import { decodeQuery } from '../../src/protocol/query'
import { decodeRequest, encodeCall, rowApplies } from '../../src/protocol/request'
import { LIMITS } from './wire'

const POST: MethodRow = { verb: 'POST', path: '/things/:name', access: 'read', resource: 'config' }
const call = (params: Record<string, unknown>): Call => ({
  method: 'config.get',
  params: params as Call<'config.get'>['params'],
  requestId: 'r',
})
const received = (headers: Record<string, string> = {}, query = '') => ({
  pathParams: { name: 'a' },
  query,
  header: (name: string) => headers[name],
  body: new Uint8Array(),
})

test('a POST that is safe changes nothing; any other does', () => {
  expect(isMutating({ ...POST, safe: true })).toBe(false)
  expect(isMutating(POST)).toBe(true)
})

test('a condition on the query holds for the value it names, and for no other', () => {
  const row: MethodRow = { ...POST, verb: 'GET', when: { query: { view: 'effective' } } }
  expect(encodeCall(row, call({ name: 'a' })).target).toBe('/things/a?view=effective')
  expect(rowApplies(row, received({}, 'view=effective'))).toBe(true)
  for (const query of ['', 'view=', 'view=true', 'view=raw', 'values=effective']) {
    expect(rowApplies(row, received({}, query)), query).toBe(false)
  }
})

test('a parameter that chooses between the rows of a route takes its values and nothing else', () => {
  for (const value of ['true', 'false']) expect(decodeQuery(METHODS['kv.keys'], `values=${value}`)).toEqual({})
  expect(() => decodeQuery(METHODS['kv.keys'], 'values=maybe')).toThrow('must be true or false')
  expect(() => decodeQuery(METHODS['kv.keys'], 'history=true')).toThrow('is not a parameter of this route')
})

test('If-Match carries a version where the row says so', () => {
  const row: MethodRow = { ...POST, ifMatch: 'ifVersion' }
  const { headers } = encodeCall(row, call({ name: 'a', ifVersion: 7 }))
  expect(headers['if-match']).toBe('"7"')
  expect(decodeRequest(row, received(headers), LIMITS).params).toEqual({ name: 'a', ifVersion: 7 })
})

test('a method that is chosen by If-Match cannot be sent without its expectation', () => {
  expect(() => encodeCall(METHODS['kv.update'], call({ bucket: 'b', key: 'k' }))).toThrow(ValidationError)
})

test('what the caller has already is said in If-None-Match, for methods that have an ETag', () => {
  const known = { name: 'a', data: {}, revision: 5, epoch: 'e', updatedAt: '2030-01-01T00:00:00Z' }
  const asked = { ...call({ name: 'a' }), known }
  expect(encodeCall(METHODS['config.get'], asked).headers['if-none-match']).toBe('"5-e"')
  expect(encodeCall(METHODS['config.history'], asked).headers['if-none-match']).toBeUndefined()
})
