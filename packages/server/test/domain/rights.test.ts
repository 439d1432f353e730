import type { Access, Role } from '@ironflow/core/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { allows, covers, type Rights } from '../../src/domain/rights'
import { parseScope, type Scope } from '../../src/domain/scopes'

const ROLES: readonly Role[] = ['viewer', 'developer', 'admin']
const ACCESSES: readonly Access[] = ['read', 'write', 'admin']
const NAMES = ['a', 'ab', 'abc', 'b']

const scope = fc
  .tuple(
    fc.constantFrom(...ACCESSES),
    fc.constantFrom('config', 'kv'),
    fc.constantFrom('*', 'a', 'a*', 'ab', 'ab*', 'b'),
  )
  .map((parts) => parseScope(parts.join(':')) as Scope)
const rights: fc.Arbitrary<Rights> = fc.record({
  role: fc.constantFrom(...ROLES),
  environment: fc.constantFrom(undefined, 'prod', 'qa'),
  scopes: fc.option(fc.array(scope, { maxLength: 3 }), { nil: undefined }),
})

/** Everything that a key with these rights may do, as far as the names above go. */
function allowed({ role, environment, scopes }: Rights): string[] {
  const environments = environment === undefined ? ['prod', 'qa', 'any'] : [environment]
  return environments.flatMap((where) =>
    ACCESSES.flatMap((access) =>
      (['config', 'kv', 'apikeys'] as const).flatMap((resource) =>
        NAMES.filter((name) => allows({ role, scopes }, access, resource, name)).map((name) =>
          [where, access, resource, name].join(' '),
        ),
      ),
    ),
  )
}

type Triple = [a: Rights, b: Rights, c: Rights]

/** Checks a statement about three random keys, where it applies, and that it applied often enough to mean something. */
function holds(applies: (...keys: Triple) => boolean, check: (...keys: Triple) => void): void {
  let times = 0
  const property = fc.property(rights, rights, rights, (...keys) => {
    if (!applies(...keys)) return
    times++
    check(...keys)
  })
  fc.assert(property, { numRuns: 5_000 })
  expect(times).toBeGreaterThan(20)
}

test('covers: every key covers itself', () => {
  holds(
    () => true,
    (key) => expect(covers(key, key)).toBe(true),
  )
})

test('covers: what covers a key covers what that key covers', () => {
  holds(
    (a, b, c) => covers(a, b) && covers(b, c),
    (a, _, c) => expect(covers(a, c)).toBe(true),
  )
})

test('covers: keys that cover each other may do the same', () => {
  holds(
    (a, b) => covers(a, b) && covers(b, a),
    (a, b) => expect(allowed(a)).toEqual(allowed(b)),
  )
})

test('covers: a key that is covered may do nothing that its cover may not', () => {
  holds(
    (wide, narrow) => covers(wide, narrow),
    (wide, narrow) => expect(allowed(wide)).toEqual(expect.arrayContaining(allowed(narrow))),
  )
})

test('covers: a key with scopes covers none without, whatever its scopes are', () => {
  const all = ACCESSES.flatMap((access) =>
    ['config', 'kv', 'settings', 'apikeys', 'environments'].map((each) => parseScope(`${access}:${each}:*`) as Scope),
  )
  expect(covers({ role: 'admin', scopes: all }, { role: 'viewer' })).toBe(false)
  expect(covers({ role: 'admin' }, { role: 'viewer', scopes: all })).toBe(true)
})
