import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type ClientFrame,
  encodeFrame,
  eventPatternRule,
  parseClientFrame,
  parseServerFrame,
  parseWatchRequest,
  RawJson,
} from '../../src/protocol'
import { LIMITS } from './wire'

const kv = { id: 's1', kind: 'kv', target: 'sessions' } as const
const received = (frame: object) => parseClientFrame(JSON.stringify(frame), LIMITS)

describe('frames of a client', () => {
  test.each<ClientFrame>([
    { type: 'subscribe', ...kv },
    { type: 'subscribe', ...kv, filters: ['user.*', 'a.>'], cursor: 'e1-5-99', updatesOnly: true },
    { type: 'subscribe', id: '2', kind: 'config', target: 'limits' },
    { type: 'subscribe', id: '3', kind: 'events', target: 'system.config.*.updated' },
    { type: 'unsubscribe', id: 's1' },
    { type: 'call', id: 'c1', method: 'kv.get', params: { bucket: 'b', key: 'k' }, requestId: 'r', minPosition: '4-e' },
  ])('%j arrives as it was sent', (frame) => {
    expect(parseClientFrame(encodeFrame(frame), LIMITS)).toEqual({ frame })
  })

  test.each([
    ['kind', { kind: 'bucket' }],
    ['target', { target: 'SYS_apikeys' }],
    ['target', { target: 5 }],
    ['filters', { filters: [] }],
    ['filters', { filters: ['a..b'] }],
    ['filters', { kind: 'config', target: 'a', filters: ['b'] }],
    ['cursor', { cursor: 'yesterday' }],
    ['updatesOnly', { updatesOnly: 'yes' }],
    ['fliters', { fliters: ['a'] }],
  ])('a wrong %s is told as that, of that subscription: %j', (place, change) => {
    const { error, sub } = received({ type: 'subscribe', ...kv, ...change }) as { error: object; sub: string }
    expect(sub).toBe('s1')
    expect(Object.keys((error as { fields: object }).fields)).toEqual([place])
  })

  test.each([
    ['method', { method: 'kv.steal' }],
    ['method', { method: 'toString' }],
    ['params', { params: [] }],
    ['minPosition', { minPosition: -1 }],
    ['idempotencyKey', { idempotencyKey: 1 }],
  ])('a wrong %s is told as that, of that call: %j', (place, change) => {
    const result = received({ type: 'call', id: 'c', method: 'kv.get', params: {}, requestId: 'r', ...change })
    expect(result).toMatchObject({ call: 'c', error: { fields: { [place]: expect.any(String) } } })
  })

  test.each(['', '[]', 'null', '{"type":"subscribe"}', '{"type":"call","id":""}', '{"type":"toString","id":"a"}', '{'])(
    '%j is nothing that could be told of one thing alone',
    (text) => {
      expect(parseClientFrame(text, LIMITS)).toEqual({ error: expect.anything() })
    },
  )

  test.each([
    ['config.set', 'data', '{"a": [1.0]}'],
    ['config.patch', 'fields', '[1]'],
    ['kv.put', 'value', '12345678901234567890'],
    ['kv.put', 'value', '"text"'],
  ])('a call of %s keeps its %s as the text %s', (method, name, text) => {
    const frame = `{"type":"call","id":"c","method":"${method}","params":{"${name}": ${text} ,"ttlSeconds":5},"requestId":"r"}`
    expect(parseClientFrame(frame, LIMITS)).toMatchObject({
      frame: { params: { [name]: new RawJson(text), ttlSeconds: 5 } },
    })
  })

  test('arrays and objects among the parameters stay text', () => {
    const call = { type: 'call', id: 'c', method: 'admin.apiKeys.create', params: { name: 'x', scopes: ['a'] } }
    expect(received(call)).toMatchObject({ frame: { params: { name: 'x', scopes: new RawJson('["a"]') } } })
  })

  test('a subscription beyond the limits is refused as that', () => {
    const frame = { type: 'subscribe', ...kv, filters: Array(10_000).fill('a..b') }
    expect(received(frame)).toMatchObject({
      sub: 's1',
      error: { fields: { message: expect.stringContaining('jsonItems') } },
    })
  })

  test('a list of more filters than the limit is not looked into: its subscriber refuses it', () => {
    const frame = (count: number) => ({ type: 'subscribe', ...kv, filters: Array(count).fill('a..b') })
    expect(received(frame(65))).toMatchObject({ frame: { filters: { length: 65 } } })
    expect(received(frame(64))).toMatchObject({ error: { fields: { filters: expect.any(String) } } })
    const subscriptions = [{ ...kv, filters: frame(65).filters }]
    expect(parseWatchRequest({ subscriptions }, LIMITS)).toEqual(subscriptions)
  })

  test('a message of many members, or parameters, is none', () => {
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`m${index}`, 0]))
    expect(received({ type: 'unsubscribe', id: 'a', ...many })).toEqual({ error: expect.anything() })
    expect(received({ type: 'call', id: 'c', method: 'kv.put', params: many })).toEqual({ error: expect.anything() })
  })

  test('parameters within parameters by the hundred thousand are text', () => {
    const text = `{"id":"c","type":"call","method":"kv.get","params":${'{"params":'.repeat(100_000)}0${'}'.repeat(100_001)}`
    expect(parseClientFrame(text, LIMITS)).toMatchObject({ frame: { params: { params: expect.any(RawJson) } } })
  })

  test('whatever comes, nothing is thrown', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc.anything().map((value) => JSON.stringify(value) ?? ''),
    )
    fc.assert(fc.property(anything, (text) => typeof parseClientFrame(text, LIMITS) === 'object'))
  })
})

describe('the body of a watch request', () => {
  test('is a list of subscriptions', () => {
    expect(parseWatchRequest({ subscriptions: [kv] }, LIMITS)).toEqual([kv])
  })

  test('has every wrong place named', () => {
    const subscriptions = [kv, { ...kv, id: 'two', target: '' }, kv, 7]
    expect(() => parseWatchRequest({ subscriptions, more: 1 }, LIMITS)).toThrow(
      expect.objectContaining({
        fields: {
          more: expect.any(String),
          'subscriptions.1.target': expect.any(String),
          'subscriptions.2.id': expect.any(String),
          'subscriptions.3': expect.any(String),
        },
      }),
    )
  })

  test('has 32 problems named at most, and no long place', () => {
    const fieldsOf = (body: object) => {
      try {
        parseWatchRequest(body, LIMITS)
      } catch (error) {
        return Object.keys((error as { fields: object }).fields)
      }
      throw new Error('it was to be refused')
    }
    expect(fieldsOf({ subscriptions: Array(5_000).fill(0) })).toHaveLength(32)
    expect(fieldsOf({ subscriptions: [{ ...kv, ['n'.repeat(100_000)]: 0 }] })[0]?.length).toBeLessThan(300)
  })

  test.each([undefined, [], { subscriptions: [] }, { subscriptions: {} }])('%j is none', (body) => {
    expect(() => parseWatchRequest(body, LIMITS)).toThrow('subscriptions')
  })
})

test.each([
  ['{"type":"synced","cursor":"e-1-2"}', { type: 'synced', cursor: 'e-1-2' }],
  ['{"type":"of a later version"}', { type: 'of a later version' }],
  ['{"type":1}', undefined],
  ['<html>', undefined],
  ['null', undefined],
])('a client reads %s', (text, frame) => {
  expect(parseServerFrame(text)).toEqual(frame)
})

test.each([
  ['system.config.*.updated', true],
  ['system.config.limits.deleted', true],
  ['system.>', true],
  ['>', true],
  ['*.*.*.*', true],
  ['system.config.limits.>', true],
  ['system.confg.*.updated', false],
  ['system.config.*.changed', false],
  ['system.config.updated', false],
  ['system.config.a.updated.>', false],
  ['system..updated', false],
])('the event pattern %s fits a topic: %s', (pattern, fits) => {
  expect(eventPatternRule(pattern) === undefined).toBe(fits)
})
