import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bucketRule,
  configNameRule,
  environmentRule,
  filterRule,
  keyRule,
  MAX_KEY_BYTES,
  matchesFilter,
  type Rule,
} from '../../src/protocol/names'

function verdicts(rule: Rule, good: string[], bad: string[]): void {
  test.each(good)('%j is fine', (text) => expect(rule(text)).toBeUndefined())
  test.each(bad)('%j is not', (text) => expect(rule(text)).toMatch(/^(must|is|\*|>) /))
}

describe('an environment', () => {
  verdicts(
    environmentRule,
    ['default', 'prod', 'prod-eu', '0', 'a'.repeat(63), 'a-'],
    ['', '-a', 'Prod', 'a_b', 'a.b', 'a/b', 'a'.repeat(64), 'prod\n', 'é', '..'],
  )
})

describe('the name of a config document', () => {
  verdicts(
    configNameRule,
    ['limits', 'Stream', 'streams', '0_-', 'x'.repeat(128), '__proto__x'.slice(2)],
    ['', 'stream', '-a', '_a', 'a.b', 'a b', 'a/b', 'x'.repeat(129), 'a\0', 'a\n', 'ключ', '__proto__'],
  )
})

describe('the name of a bucket', () => {
  verdicts(
    bucketRule,
    ['flags', 'eu-flags', '_', '-', 'SYS', 'sys_x', 'b'.repeat(64), '__proto__'],
    ['', 'SYS_', 'SYS_keys', 'a.b', '..', 'a b', 'b'.repeat(65), 'a\n'],
  )
})

describe('a key', () => {
  verdicts(
    keyRule,
    [
      'user:123:profile',
      'a/b',
      '%2F',
      'q?x=1#y',
      'ключ',
      '🦊',
      'a.b.c',
      '/',
      '//',
      'a/',
      '...a/b'.slice(3),
      '__proto__',
    ],
    [
      '',
      '.',
      '..',
      '.a',
      'a.',
      'a..b',
      'a b',
      'a\tb',
      'a\r\nb',
      'a\0',
      '\u007f',
      '\u0085',
      '\u2028',
      '\ufeff',
      '\u00a0',
    ],
  )
  verdicts(keyRule, ['a.b/c.d'], ['a*', '*', '>', 'a.>', 'a/./b', 'a/../b', './a', '../a', 'a/..', '\ud800', 'a\udc00'])

  test('is measured in bytes, not in characters', () => {
    expect(keyRule('a'.repeat(MAX_KEY_BYTES))).toBeUndefined()
    expect(keyRule('a'.repeat(MAX_KEY_BYTES + 1))).toBeDefined()
    expect(keyRule('é'.repeat(MAX_KEY_BYTES / 2))).toBeUndefined()
    expect(keyRule('🦊'.repeat(MAX_KEY_BYTES / 4 + 1))).toBeDefined()
  })
})

describe('a filter', () => {
  verdicts(
    filterRule,
    ['*', '>', 'user.*', '*.name', 'session.>', '*.>', 'user:1', 'a.*.c.>', 'ключ.*'],
    ['', 'a*', 'user.a*', '>.a', 'a.>.b', 'a>', 'a..b', '.', 'a. b', '\ud800', 'x'.repeat(513)],
  )

  test.each([
    ['user.1', 'user.*', true],
    ['user.1.name', 'user.*', false],
    ['user', 'user.*', false],
    ['user.1.name', 'user.>', true],
    ['user.1', 'user.>', true],
    ['user', 'user.>', false],
    ['users.1', 'user.>', false],
    ['a', '>', true],
    ['a.b.c', '>', true],
    ['a', '*', true],
    ['a.b', '*', false],
    ['a.b.c', 'a.*.c', true],
    ['a.b.d', 'a.*.c', false],
    ['a.b', '*.>', true],
    ['a', '*.>', false],
    ['a.b.c', 'a.b.c', true],
    ['axb', 'a.b', false],
    ['a', undefined, true],
  ])('of %j by %j: %s', (key, filter, admitted) => {
    expect(matchesFilter(key, filter)).toBe(admitted)
  })

  const token = fc.constantFrom('a', 'b', 'c')
  const key = fc.array(token, { minLength: 1, maxLength: 4 })

  test('admits every key it was made from by opening tokens', () => {
    fc.assert(
      fc.property(key, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), fc.nat(3), (tokens, open, cut) => {
        const filter = tokens.map((one, index) => (open[index] ? '*' : one))
        expect(matchesFilter(tokens.join('.'), filter.join('.'))).toBe(true)
        const rest = [...filter.slice(0, Math.min(cut, tokens.length - 1)), '>']
        expect(matchesFilter(tokens.join('.'), rest.join('.'))).toBe(true)
      }),
    )
  })

  test('means the same as the regular expression it stands for', () => {
    const filterTokens = fc.array(fc.constantFrom('a', 'b', '*'), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(key, filterTokens, fc.boolean(), (tokens, filter, rest) => {
        const text = [...filter, ...(rest ? ['>'] : [])].join('.')
        const pattern = text.replaceAll('.', '\\.').replaceAll('*', '[^.]+').replace('>', '.+')
        expect(matchesFilter(tokens.join('.'), text)).toBe(new RegExp(`^${pattern}$`).test(tokens.join('.')))
      }),
    )
  })
})
