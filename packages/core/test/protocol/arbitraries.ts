import fc from 'fast-check'
import { keyRule } from '../../src/protocol/names'

/** Keys that once broke somebody's URLs. */
export const AWKWARD_KEYS = [
  'user:123:profile',
  'a/b',
  '%2F',
  '%252f',
  '%',
  'q?x=1#y',
  'a+b&c=d',
  'ключ',
  '🦊',
  'a;b',
  '//',
  '%2e%2e',
  '__proto__',
  "it's(fine)!~",
  'keys',
]

/** Every key the rules allow, and above all the awkward ones. */
export const anyKey = fc.oneof(
  fc.constantFrom(...AWKWARD_KEYS),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).filter((text) => keyRule(text) === undefined),
)
