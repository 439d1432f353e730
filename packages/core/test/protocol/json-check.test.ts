import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FieldProblems } from '../../src/errors/field-problems'
import { checkJson, type JsonRules, parseJsonWithin } from '../../src/protocol/json-check'

function isJson(text: string): boolean {
  return checkJson(text, { jsonDepth: 10_000 }, new FieldProblems(), 'at')
}

function isParsed(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function problemsOf(text: string, rules: Partial<JsonRules> = {}): Record<string, string> {
  const problems = new FieldProblems()
  checkJson(text, { jsonDepth: 64, ...rules }, problems, 'at')
  return problems.error()?.fields ?? {}
}

const CORNERS = [
  ...['', ' ', '0', '-0', '00', '01', '-', '-1', '+1', '1.', '.1', '1.5', '1e5', '1E+5', '1e-5', '1e', '1e+', '0x1'],
  ...[
    '1 ',
    '\t1\r\n',
    '\u00a01',
    '\ufeff1',
    '1,',
    'NaN',
    'Infinity',
    'tru',
    'true',
    'truefalse',
    'nul',
    'null ',
    'None',
  ],
  ...['""', '"', '"\\"', '"\\""', '"\\\\"', '"\\u00e9"', '"\\u00g0"', '"\\u00"', '"\\x"', '"a\nb"', '"\u007f"', "'a'"],
  ...[
    '"\\ud800"',
    '"\ud800"',
    '"\u2028"',
    '"\\',
    '"\\u',
    '[]',
    '[ ]',
    '[,]',
    '[1,]',
    '[1 2]',
    '[[]',
    '[]]',
    '[1}',
    ']',
  ],
  ...['{}', '{ }', '{,}', '{"a"}', '{"a":}', '{"a":1,}', '{"a":1 "b":2}', '{a:1}', '{1:1}', '{"a":1]', '{"a":{}', '}'],
  ...['{"a":[{"b":[]},{}],"":""}', '[1]x', '{}{}', '// 1', '1 // x', '[1,\n 2 ]', '{ "a" : 1 , "b" : [ ] }'],
]

describe('text is JSON exactly if JSON.parse takes it', () => {
  test.each(CORNERS)('%j', (text) => {
    expect(isJson(text)).toBe(isParsed(text))
  })

  test('with anything put in, taken out or doubled', () => {
    const piece = fc.constantFrom(
      '"',
      '\\',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '0',
      '1',
      '-',
      '.',
      'e',
      'u',
      ' ',
      '\n',
      'null',
    )
    const valid = fc.json({ maxDepth: 4 })
    fc.assert(
      fc.property(valid, piece, fc.nat(), fc.nat(3), (text, inserted, where, dropped) => {
        const at = where % (text.length + 1)
        const changed = text.slice(0, at) + inserted + text.slice(at + dropped)
        expect([changed, isJson(changed)]).toEqual([changed, isParsed(changed)])
        expect(isJson(text)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  test('made of pieces by chance', () => {
    const piece = fc.constantFrom(
      '"a"',
      '""',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '1',
      '-',
      '0.5',
      '1e9',
      'true',
      ' ',
      '"\\n"',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('')
        expect([text, isJson(text)]).toEqual([text, isParsed(text)])
      }),
      { numRuns: 5_000 },
    )
  })
})

describe('JSON text breaks the rules', () => {
  test('with a level too many', () => {
    expect(problemsOf('[[{}]]', { jsonDepth: 3 })).toEqual({})
    expect(problemsOf('[[{"a":[]}]]', { jsonDepth: 3 })).toEqual({ at: expect.stringContaining('jsonDepth') })
  })

  test.each(['[1,2,3]', '{"a":1,"b":2,"c":3}', '[{"a":1},2]', '[[],[],[]]'])('with %s, a value too many', (text) => {
    expect(problemsOf(text, { jsonItems: 3 })).toEqual({})
    expect(problemsOf(text, { jsonItems: 2 })).toEqual({
      at: expect.stringContaining('more than 2 members and elements (limit jsonItems)'),
    })
  })

  test.each([
    ['1e400', 'at'],
    ['-1e400', 'at'],
    ['{"a":[0,{"b.c":1E+999}]}', 'at.a.1.b.c'],
    [`[${'9'.repeat(400)}]`, 'at.0'],
    [`1${'0'.repeat(299)}e99`, 'at'],
    [`-1${'0'.repeat(299)}E+99`, 'at'],
    [`1${'0'.repeat(298)}.5e99`, 'at'],
    [`1${'0'.repeat(303)}e9`, 'at'],
    [`{"a":[[],1e5,"1e400",${'1'.repeat(300)}e100]}`, 'at.a.3'],
  ])('with %s, a number that no double can hold', (text, place) => {
    expect(problemsOf(text)).toEqual({ [place]: expect.stringContaining('double') })
  })

  test.each(['1e308', '-1.7976931348623157e308', '0.1e-400', '1e-999', `0.${'0'.repeat(400)}1`, `${'9'.repeat(308)}`])(
    'but not with %s',
    (text) => {
      expect(problemsOf(text)).toEqual({})
    },
  )

  test('with a reserved name, whatever way it is written', () => {
    const reserved = { reserved: '__proto__' }
    expect(problemsOf('{"__proto__x":0,"a__proto__":0,"__prot__":0,"a":"__proto__"}', reserved)).toEqual({})
    expect(Object.keys(problemsOf('{"a":[0,{"__proto__":0}],"\\u005f_proto__":0}', reserved))).toEqual([
      'at.a.1.__proto__',
      'at.__proto__',
    ])
  })

  test('under a long name, of which the start is told', () => {
    const name = '\\u00e9'.repeat(100_000)
    const [place = ''] = Object.keys(problemsOf(`{"${name}":1e400}`))
    expect(place).toMatch(/^at\.é{200,256}…$/)
  })

  test('in any number of places, of which 32 are named', () => {
    expect(Object.keys(problemsOf(JSON.stringify(Array(100).fill(0)).replaceAll('0', '1e400')))).toHaveLength(32)
  })
})

test('a value is built within its limits only', () => {
  const limits = { jsonDepth: 3, jsonItems: 4 }
  expect(parseJsonWithin(' {"a":[1,2]} ', limits, 'body')).toEqual({ a: [1, 2] })
  for (const text of ['{"a":', '[[[[]]]]', '[1,2,3,4,5]', '[1e400]', 'hunter2']) {
    expect(() => parseJsonWithin(text, limits, 'body')).toThrow(/^body/)
    expect(() => parseJsonWithin(text, limits, 'body')).not.toThrow('hunter2')
  }
})
