import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { fromBase64, RawJson, stringify, toBase64 } from '../../src/protocol/json'

describe('stringify', () => {
  test('writes every JSON value as JSON.stringify does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(stringify(value)).toBe(JSON.stringify(value))
      }),
    )
  })

  test('leaves out members that are undefined, and writes null where an item is', () => {
    expect(stringify({ a: undefined, b: null, c: [undefined, null], d: { e: undefined } })).toBe(
      '{"b":null,"c":[null,null],"d":{}}',
    )
    expect(stringify(undefined)).toBe('null')
  })

  test('embeds raw JSON digit by digit, wherever it is', () => {
    const raw = new RawJson('{"n":12345678901234567890.10}')
    expect(stringify(raw)).toBe(raw.text)
    expect(stringify({ a: [raw], b: raw })).toBe(`{"a":[${raw.text}],"b":${raw.text}}`)
  })

  test('knows the raw JSON of another copy of the package', async () => {
    vi.resetModules()
    const other = await import('../../src/protocol/json')
    expect(other.RawJson).not.toBe(RawJson)
    expect(stringify({ a: new other.RawJson('1.0') })).toBe('{"a":1.0}')
  })

  test('is not taken in by a value that only looks like raw JSON', () => {
    expect(stringify({ text: '1' })).toBe('{"text":"1"}')
    expect(JSON.parse('{"text":"1","ironflow.raw-json":true}')).not.toBeInstanceOf(RawJson)
  })

  test('keeps a member called __proto__', () => {
    const value = JSON.parse('{"__proto__":{"polluted":1},"constructor":2}')
    expect(stringify(value)).toBe('{"__proto__":{"polluted":1},"constructor":2}')
  })

  test('writes bytes as base64', () => {
    expect(stringify({ bytes: Uint8Array.of(0, 255) })).toBe('{"bytes":"AP8="}')
  })
})

describe('base64', () => {
  test('brings bytes back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(fromBase64(toBase64(bytes))).toEqual(bytes)
      }),
    )
  })

  test('is the one everybody knows, also for more bytes than a call takes arguments', () => {
    const bytes = Uint8Array.from({ length: 1_000_000 }, (_, index) => index % 251)
    expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
  })

  test.each(['!', 'abcde', 'AA=A'])('%j is none', (text) => {
    expect(() => fromBase64(text)).toThrow()
  })
})
