import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ValidationError } from '../../src/errors/kinds'
import { RawJson } from '../../src/protocol/json'
import { decodeValue, encodeJson, encodeValue, isWellFormed } from '../../src/protocol/value'

/** As through a server, with its way over the wire as UTF-8. */
function roundTrip(value: unknown): unknown {
  const { value: sent, encoding } = encodeValue(value)
  if (encoding === 'base64') return decodeValue({ encoding, value: Buffer.from(sent as Uint8Array).toString('base64') })
  const body = new TextEncoder().encode(sent instanceof RawJson ? sent.text : (sent as string))
  const received = new TextDecoder('utf-8', { ignoreBOM: true }).decode(body)
  return decodeValue({ encoding, value: encoding === 'json' ? JSON.parse(received) : received })
}

describe('a value comes back as it went in', () => {
  test.each([
    null,
    false,
    true,
    0,
    1.5,
    -1e300,
    '',
    'text',
    '"quoted"',
    'null',
    '\ufeffbom',
    '\0',
    '\r\n',
    [],
    {},
    [null],
  ])('%j', (value) => {
    expect(roundTrip(value)).toStrictEqual(value)
  })

  test('any JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.stringify(roundTrip(value))).toBe(JSON.stringify(value))
      }),
    )
  })

  test('any string, also with a surrogate that has no partner', () => {
    const unit = fc.nat(0xffff).map((code) => String.fromCharCode(code))
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        expect(roundTrip(text)).toBe(text)
      }),
    )
    for (const text of ['\ud800', 'a\udc00b', '\udc00\ud800', '🦊\ud83e']) expect(roundTrip(text)).toBe(text)
  })

  test('any bytes, also none, and those of a part of a buffer', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(roundTrip(bytes)).toEqual(bytes)
      }),
    )
    expect(roundTrip(Buffer.from('node'))).toEqual(Uint8Array.from(Buffer.from('node')))
    expect(roundTrip(new Uint8Array([1, 2, 3, 4]).subarray(1, 3))).toEqual(Uint8Array.of(2, 3))
  })

  test('a member of its own that is called __proto__', () => {
    const value = JSON.parse('{"__proto__":{"polluted":true}}')
    const back = roundTrip(value) as object
    expect(Object.keys(back)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype)
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })
})

test('what JSON turns into something else comes back as JSON has it', () => {
  expect(roundTrip({ u: undefined, d: new Date(0) })).toStrictEqual({ d: '1970-01-01T00:00:00.000Z' })
  expect(Object.is(roundTrip(-0), 0)).toBe(true)
})

test('a value is read when it is given, not when it is sent', () => {
  const value = { n: 1 }
  const encoded = encodeValue(value)
  value.n = 2
  expect((encoded.value as RawJson).text).toBe('{"n":1}')
})

describe('a value that JSON cannot carry is refused by its place', () => {
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  const throwing = {
    toJSON: () => {
      throw new Error('no')
    },
  }

  test.each([[undefined], [() => 1], [Symbol('s')], [1n], [cycle], [throwing], [{ deep: 1n }]])('%o', (value) => {
    expect(() => encodeValue(value)).toThrow(ValidationError)
    expect(() => encodeJson(value, 'data')).toThrow(/^data(\.\w+)*: cannot be written as JSON/)
  })
})

test('an entry without a value has none', () => {
  expect(decodeValue({})).toBeUndefined()
  expect(decodeValue({ encoding: 'json', value: null })).toBe(null)
})

test('well-formed text has every surrogate in a pair', () => {
  expect(['', 'a', '🦊', '\ud83e\udd8a'].every(isWellFormed)).toBe(true)
  expect(['\ud83e', '\udd8a', '\udd8a\ud83e', 'x\ud800y'].some(isWellFormed)).toBe(false)
})
