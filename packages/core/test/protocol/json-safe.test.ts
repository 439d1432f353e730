import { describe, expect, test } from 'vitest'
import { ValidationError } from '../../src/errors/kinds'
import { encodeJson, encodeValue } from '../../src/protocol/value'

function fieldsOf(value: unknown): Record<string, string> {
  try {
    encodeJson(value, 'data')
  } catch (error) {
    if (error instanceof ValidationError) return error.fields
    throw error
  }
  throw new Error('the value was to be refused')
}

const cycle: Record<string, unknown> = { a: {} }
cycle.a = { b: [cycle] }

describe('what JSON cannot carry is refused with its place', () => {
  test.each<[unknown, string, string]>([
    [Number.NaN, 'data', 'NaN'],
    [{ seats: Number.POSITIVE_INFINITY }, 'data.seats', 'Infinity'],
    [{ a: [1, { b: Number.NEGATIVE_INFINITY }] }, 'data.a.1.b', '-Infinity'],
    [new Map([['a', 1]]), 'data', 'Map'],
    [{ tags: new Set(['a']) }, 'data.tags', 'Set'],
    [{ tags: new WeakMap() }, 'data.tags', 'WeakMap'],
    [{ pattern: /a/ }, 'data.pattern', 'RegExp'],
    [{ later: Promise.resolve() }, 'data.later', 'Promise'],
    [{ failure: new Error('oops') }, 'data.failure', 'Error'],
    [{ bytes: new Uint8Array(2) }, 'data.bytes', 'Uint8Array'],
    [{ bytes: Buffer.from('a') }, 'data.bytes', 'Uint8Array'],
    [{ bytes: new ArrayBuffer(2) }, 'data.bytes', 'ArrayBuffer'],
    [{ run: () => 1 }, 'data.run', 'function'],
    [{ id: Symbol('a') }, 'data.id', 'symbol'],
    [{ big: 1n }, 'data.big', 'bigint'],
    [undefined, 'data', 'undefined'],
    [[1, undefined], 'data.1', 'undefined'],
    [new Array(1), 'data.0', 'undefined'],
    [{ at: new Date(Number.NaN) }, 'data.at', 'NaN'],
    [{ at: { toJSON: () => ({ big: 1n }) } }, 'data.at.big', 'bigint'],
    [cycle, 'data.a.b.0', 'cycle'],
  ])('%o', (value, place, what) => {
    expect(fieldsOf(value)).toEqual({ [place]: `cannot be written as JSON: ${what}` })
  })

  test('a value that is too deep, or whose toJSON throws', () => {
    let deep: unknown = []
    for (let depth = 0; depth < 50_000; depth++) deep = [deep]
    expect(fieldsOf(deep).data).toMatch(/^cannot be written as JSON: /)
    const thrower = {
      toJSON() {
        throw new Error('oops')
      },
    }
    expect(fieldsOf({ a: thrower })).toEqual({ data: 'cannot be written as JSON: oops' })
  })

  test('as a KV value, but for bytes and text', () => {
    expect(() => encodeValue({ a: new Map() })).toThrow('value.a: cannot be written as JSON: Map')
    expect(encodeValue(new Uint8Array(2)).encoding).toBe('base64')
  })
})

describe('what JSON can carry passes', () => {
  class Account {
    readonly owner = 'ada'
    greet(): string {
      return this.owner
    }
  }
  class Itself extends Account {
    toJSON(): this {
      return this
    }
  }
  const shared = { a: 1 }
  test.each<[unknown, string]>([
    [{ at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    [{ a: undefined, b: null }, '{"b":null}'],
    [new Account(), '{"owner":"ada"}'],
    [Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
    [new URL('http://localhost/'), '"http://localhost/"'],
    [[shared, shared], '[{"a":1},{"a":1}]'],
    [{ toJSON: 'text' }, '{"toJSON":"text"}'],
    [new Itself(), '{"owner":"ada"}'],
    [-0, '0'],
  ])('%o', (value, text) => {
    expect(encodeJson(value, 'data').text).toBe(text)
  })
})
