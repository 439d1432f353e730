import type { FieldProblems } from '@ironflow/core/errors'
import { isWellFormed, type Rule } from '@ironflow/core/protocol'
import type { Limits } from '../limits'

/** What a check may know besides its value, and where it says what is wrong. */
export interface CheckContext {
  readonly limits: Limits
  readonly now: number
  /** All parameters of the call, for a check that depends on another one. */
  readonly params: Readonly<Record<string, unknown>>
  /** What is wrong so far; the call is refused when all checks are through. */
  readonly problems: FieldProblems
  /** Notes a problem. */
  fail(place: string, problem: string): void
}

/** Judges one value, and answers it as the handler shall have it. */
export type Check = (value: unknown, context: CheckContext, place: string) => unknown

/** A parameter: whether it must be there, and what it must be. */
export interface Param {
  readonly required: boolean
  readonly check: Check
}

export function required(check: Check): Param {
  return { required: true, check }
}

export function optional(check: Check): Param {
  return { required: false, check }
}

/** Text that a rule of the protocol's allows. */
export function named(rule: Rule): Check {
  return (value, { fail }, place) => {
    const problem = typeof value === 'string' ? rule(value) : 'must be a string'
    if (problem) fail(place, problem)
    return value
  }
}

/** A whole number within bounds. */
export function integer(min: number, max: number | ((limits: Limits) => number) = Number.MAX_SAFE_INTEGER): Check {
  return (value, { fail, limits }, place) => {
    const highest = typeof max === 'number' ? max : max(limits)
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > highest) {
      const bounds = highest === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${highest}`
      fail(place, `must be a whole number, ${bounds}`)
    }
    return value
  }
}

/** Text of a bounded number of characters, without control characters. */
export function text(min: number, max: number): Check {
  return (value, { fail }, place) => {
    if (typeof value !== 'string') fail(place, 'must be a string')
    else if (value.length < min || value.length > max) fail(place, `must have ${min} to ${max} characters`)
    else if (!isWellFormed(value) || /\p{Cc}/u.test(value)) fail(place, 'must be text without control characters')
    return value
  }
}

export const flag: Check = (value, { fail }, place) => {
  if (typeof value !== 'boolean') fail(place, 'must be true or false')
  return value
}

export function oneOf(...allowed: readonly string[]): Check {
  return (value, { fail }, place) => {
    if (typeof value !== 'string' || !allowed.includes(value)) fail(place, `must be one of ${allowed.join(', ')}`)
    return value
  }
}

/** A point in time that is yet to come, RFC 3339. */
export const future: Check = (value, { fail, now }, place) => {
  const time = typeof value === 'string' && RFC_3339.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(time)) fail(place, 'must be a time as in RFC 3339: 2030-01-31T12:00:00Z')
  else if (time <= now) fail(place, 'must be in the future')
  return value
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/
