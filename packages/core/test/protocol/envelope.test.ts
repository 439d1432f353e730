import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type ClientFrame,
  encodeFrame,
  eventPatternRule,
  parseClientFrame,
  parseServerFrame,
  parseWatchRequest,
} from '../../src/protocol'

const kv = { id: 's1', kind: 'kv', target: 'sessions' } as const
const received = (frame: object) => parseClientFrame(JSON.stringify(frame))

describe('frames of a client', () => {
  test.each<ClientFrame>([
    { type: 'subscribe', ...kv },
    { type: 'subscribe', ...kv, filters: ['user.*', 'a.>'], cursor: 'e1-5-99', updatesOnly: true },
    { type: 'subscribe', id: '2', kind: 'config', target: 'limits' },
    { type: 'subscribe', id: '3', kind: 'events', target: 'system.config.*.updated' },
    { type: 'unsubscribe', id: 's1' },
    { type: 'call', id: 'c1', method: 'kv.get', params: { bucket: 'b', key: 'k' }, requestId: 'r', minPosition: '4-e' },
  ])('%j arrives as it was sent', (frame) => {
    expect(parseClientFrame(encodeFrame(frame))).toEqual({ frame })
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
      expect(parseClientFrame(text)).toEqual({ error: expect.anything() })
    },
  )

  test('whatever comes, nothing is thrown', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc.anything().map((value) => JSON.stringify(value) ?? ''),
    )
    fc.assert(fc.property(anything, (text) => typeof parseClientFrame(text) === 'object'))
  })
})

describe('the body of a watch request', () => {
  test('is a list of subscriptions', () => {
    expect(parseWatchRequest({ subscriptions: [kv] })).toEqual([kv])
  })

  test('has every wrong place named', () => {
    const subscriptions = [kv, { ...kv, id: 'two', target: '' }, kv, 7]
    expect(() => parseWatchRequest({ subscriptions, more: 1 })).toThrow(
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

  test.each([undefined, [], { subscriptions: [] }, { subscriptions: {} }])('%j is none', (body) => {
    expect(() => parseWatchRequest(body)).toThrow('subscriptions')
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
