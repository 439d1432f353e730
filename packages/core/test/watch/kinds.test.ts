import { describe, expect, test } from 'vitest'
import { toBase64 } from '../../src/protocol/json'
import { CONFIG } from '../../src/watch/config-kind'
import { EVENTS } from '../../src/watch/events-kind'
import { KV } from '../../src/watch/kv-kind'
import { changed, cursor, deleted, TIME } from './world'

const PLACE = { epoch: 'e', revision: 9, time: Date.parse(TIME) }

describe('an event of a key', () => {
  test.each([
    ['an object', { a: [1, { b: null }] }],
    ['a string', 'text with "quotes" and \u2028'],
    ['an empty string', ''],
    ['a number', -0.5],
    ['zero', 0],
    ['false', false],
    ['null', null],
  ])('has %s as data, and as JSON text', (_, data) => {
    const event = KV.read({ ...changed('a', 1, data), encoding: typeof data === 'string' ? 'text' : 'json' })
    expect(event.data).toEqual(data)
    expect(JSON.parse(event.value)).toEqual(data)
  })

  test('has bytes as data, and as quoted base64', () => {
    const bytes = Uint8Array.of(0, 255, 7)
    const event = KV.read({ ...changed('a', 1, toBase64(bytes)), encoding: 'base64' })
    expect(event.data).toEqual(bytes)
    expect(JSON.parse(event.value)).toBe(toBase64(bytes))
  })

  test('has neither where the operation left none', () => {
    expect(KV.read(deleted('a', 1))).toMatchObject({ operation: 'delete', data: undefined, value: '' })
  })

  test('has nothing of how it travelled', () => {
    expect(KV.read(changed('a', 3, 'x'))).toEqual({
      type: 'kv_update',
      bucket: 'b',
      key: 'a',
      operation: 'put',
      revision: 3,
      epoch: 'e',
      createdAt: TIME,
      initial: false,
      data: 'x',
      value: '"x"',
    })
  })

  test.each(['delete', 'purge', 'expire'] as const)('says that the key is gone: %s', (operation) => {
    expect(KV.isGone({ ...deleted('a', 1), operation })).toBe(true)
    expect(KV.isGone(changed('a', 1))).toBe(false)
  })
})

describe('an event of a document', () => {
  test('has its content', () => {
    const frame = {
      type: 'config_update',
      sub: '1',
      name: 'x',
      data: { a: 1 },
      revision: 2,
      epoch: 'e',
      updatedAt: TIME,
    } as const
    const event = {
      type: 'config_update',
      name: 'x',
      data: { a: 1 },
      revision: 2,
      epoch: 'e',
      updatedAt: TIME,
      initial: false,
    }
    expect(CONFIG.read({ ...frame, cursor: cursor(2) })).toEqual(event)
  })

  test('has none when it was deleted', () => {
    const frame = { type: 'config_delete', sub: '1', name: 'x', revision: 2, epoch: 'e', updatedAt: TIME } as const
    expect(CONFIG.read({ ...frame, initial: true })).toEqual({
      type: 'config_delete',
      name: 'x',
      revision: 2,
      epoch: 'e',
      updatedAt: TIME,
      initial: true,
    })
  })

  test('that nobody saw deleted is a deletion', () => {
    expect(CONFIG.gone('x', 'x', PLACE)).toEqual({
      type: 'config_delete',
      name: 'x',
      revision: 9,
      epoch: 'e',
      updatedAt: TIME,
      initial: true,
    })
  })
})

describe('what an event is about', () => {
  const event = (topic: string) =>
    ({ type: 'event', topic, data: {}, revision: 1, epoch: 'e', createdAt: TIME }) as const

  test('is the document: an update and a deletion are about the same', () => {
    expect(EVENTS.keyOf(event('system.config.x.updated'))).toBe(EVENTS.keyOf(event('system.config.x.deleted')))
    expect(EVENTS.keyOf(event('system.config.x.updated'))).not.toBe(EVENTS.keyOf(event('system.config.y.updated')))
  })

  test('that nobody saw deleted is told to who asked for deletions', () => {
    expect(EVENTS.gone('system.config.x', 'system.config.*.updated', PLACE)).toBeUndefined()
    expect(EVENTS.gone('system.config.x', 'system.>', PLACE)).toEqual({
      type: 'event',
      topic: 'system.config.x.deleted',
      data: { name: 'x', revision: 9, epoch: 'e', updatedAt: TIME },
      revision: 9,
      epoch: 'e',
      createdAt: TIME,
      initial: true,
    })
  })
})
