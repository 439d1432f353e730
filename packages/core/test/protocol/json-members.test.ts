import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isObjectText, MemberReader, mergeMembers, readMembers } from '../../src/protocol/json-members'

const name = fc.oneof(fc.string({ unit: 'binary', maxLength: 4 }), fc.constantFrom('a', 'b', '', '"', '\\', '1'))
const object = fc.dictionary(name, fc.jsonValue({ maxDepth: 3 }), { noNullPrototype: true })
const indent = fc.constantFrom(undefined, 1, '\t', '\n \r\n')

test('every member is read, with its name and its value', () => {
  fc.assert(
    fc.property(object, indent, (value, space) => {
      const members: [string, unknown][] = []
      const reader = new MemberReader(JSON.stringify(value, undefined, space))
      while (reader.next()) {
        members.push([reader.name, JSON.parse(reader.value)])
        expect(reader.value).toBe(reader.value.trim())
        expect(JSON.parse(`{${reader.memberText}}`)).toEqual({ [reader.name]: JSON.parse(reader.value) })
      }
      expect(members).toEqual(Object.entries(JSON.parse(JSON.stringify(value))).sort(byPlace(value)))
      expect(reader.isWhole).toBe(true)
    }),
  )
})

const merge = (base: string, changes: string) => mergeMembers(base, readMembers(changes, 1_000) ?? new Map())

/** In the order of `JSON.stringify`, which is that of the object itself. */
function byPlace(value: object) {
  const names = Object.keys(value)
  return ([a]: [string, unknown], [b]: [string, unknown]) => names.indexOf(a) - names.indexOf(b)
}

test('members laid over others are what Object.assign makes of them', () => {
  fc.assert(
    fc.property(object, object, indent, indent, (base, changes, one, two) => {
      const texts = [JSON.stringify(base, undefined, one), JSON.stringify(changes, undefined, two)] as const
      const [a, b] = texts.map((text) => JSON.parse(text) as object)
      expect(JSON.parse(merge(...texts) ?? '')).toEqual({ ...a, ...b })
    }),
  )
})

test.each([
  ['{"a":1,"b":2,"c":3}', '{"b":0}', '{"a":1,"b":0,"c":3}'],
  ['{}', '{"b":0}', '{"b":0}'],
  ['{ }', '{}', '{ }'],
  ['{"a":1.0}', '{}', '{"a":1.0}'],
  ['{"a":1.0}', '{"c":{},"b":1e5}', '{"a":1.0,"c":{},"b":1e5}'],
  ['{"a":1,"a":2}', '{"a":3}', '{"a":3,"a":3}'],
  ['{"\\u0061":1}', '{"a":3}', '{"a":3}'],
  ['{"a":1}', '{"a":3,"a":4}', '{"a":4}'],
  ['{"__proto__":1}', '{"toString":2}', '{"__proto__":1,"toString":2}'],
])('%s with %s laid over is %s', (base, changes, result) => {
  expect(merge(base, changes)).toBe(result)
})

test.each([
  ['{}', true],
  [' \n{"a":1}', true],
  ['[]', false],
  ['"{"', false],
  ['', false],
])('%j is the text of an object: %s', (text, is) => {
  expect(isObjectText(text)).toBe(is)
})

test.each([
  '',
  '[1]',
  '"a"',
  '{',
  '{"a',
  '{"a"',
  '{"a":',
  '{"a":1',
  '{"a":[1',
  '{"a":"',
  '{"a":1,',
  '{"a":1,}',
  '{,}',
  '{"a":1}x',
])('%j is not the whole text of an object', (text) => {
  const reader = new MemberReader(text)
  while (reader.next()) expect(reader.name).toBe('a')
  expect(reader.isWhole).toBe(false)
  expect(merge(text, '{"b":1}')).toBeUndefined()
})

test('any text is read to an end', () => {
  const piece = fc.constantFrom('"a"', '""', '{', '}', '[', ']', ',', ':', '1', '"', '\\', ' ', 'x')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const text = `{${pieces.join('')}`
      const reader = new MemberReader(text)
      while (reader.next()) reader.members().next()
      try {
        if (JSON.parse(text)) expect(reader.isWhole).toBe(true)
      } catch {
        // Not JSON: what is within values is for others to find.
      }
    }),
    { numRuns: 3_000 },
  )
})

test('the members of a member are read in place, to their end or not', () => {
  const text = '{"a":{"b":{"c":1},"d":[2]},"e":3}'
  for (const steps of [0, 1, 3]) {
    const outer = new MemberReader(text)
    outer.next()
    const inner = outer.members()
    const names: string[] = []
    for (let step = 0; step < steps && inner.next(); step++) names.push(inner.name)
    expect(names).toEqual(['b', 'd'].slice(0, steps))
    expect(outer.value).toBe('{"b":{"c":1},"d":[2]}')
    expect([outer.next(), outer.name, outer.value, outer.next(), outer.isWhole]).toEqual([true, 'e', '3', false, true])
  }
})

test('no more members are read than asked for', () => {
  expect(readMembers('{"a":1, "b" : [2] }', 2)).toEqual(
    new Map([
      ['a', '"a":1'],
      ['b', '"b" : [2]'],
    ]),
  )
  expect(readMembers('{"a":1,"b":2,"c":3}', 2)).toBeUndefined()
})
