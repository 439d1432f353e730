import {
  checkJson,
  type Encoding,
  encodeJson,
  fromBase64,
  isObjectText,
  isWellFormed,
  type JsonRules,
  parseJsonWithin,
  RawJson,
} from '@ironflow/core/protocol'
import { parseScope } from '../domain/scopes'
import { beyondLimit } from '../limits'
import type { Check, CheckContext } from './checks'

/**
 * A config document: a JSON object, whole or as text. It becomes text. A member called `__proto__` is refused, since
 * some reader would sooner or later assign and not define it.
 */
export const document: Check = (value, context, place) => {
  const json = asJson(value, place)
  expectSize(json.text, context)
  if (isObjectText(json.text)) checkText(json, { ...rulesOf(context), reserved: '__proto__' }, context, place)
  else context.fail(place, 'must be a JSON object')
  return json
}

/** A KV value, as the parameter `encoding` says. JSON becomes text, base64 becomes bytes. */
export const kvValue: Check = (given, context, place) => {
  const encoding = context.params.encoding as Encoding
  if (encoding === 'json') {
    const json = asJson(given, place)
    expectSize(json.text, context)
    checkText(json, rulesOf(context), context, place)
    return json
  }
  const value = given instanceof RawJson ? stringIn(given) : given
  if (encoding === 'text') {
    if (typeof value === 'string') expectSize(value, context)
    if (typeof value !== 'string' || !isWellFormed(value)) context.fail(place, 'must be well-formed text')
    return value
  }
  if (value instanceof Uint8Array) return value
  if (typeof value === 'string') expectSize((value.length / 4) * 3 - 2, context)
  const isBase64 =
    typeof value === 'string' && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value) && value !== '='
  if (isBase64) return fromBase64(value)
  context.fail(place, 'must be base64')
  return value
}

function asJson(value: unknown, place: string): RawJson {
  return value instanceof RawJson ? value : encodeJson(value, place)
}

/**
 * Refuses what no bucket takes before it is looked into.
 *
 * @param text whose bytes count, or their number
 * @throws payload_too_large
 */
function expectSize(text: string | number, { limits }: CheckContext): void {
  const max = limits.maxValueSize
  // A UTF-16 code unit takes three bytes at most, so most texts need no counting.
  const isTooLarge = typeof text === 'number' ? text > max : text.length * 3 > max && encoder.encode(text).length > max
  if (isTooLarge) throw beyondLimit('payload_too_large', 'the value is too large', 'maxValueSize', limits)
}

const encoder = new TextEncoder()

/** The string that JSON text from a wire is; `undefined` where it is another value. */
function stringIn({ text }: RawJson): unknown {
  return text.startsWith('"') ? JSON.parse(text) : undefined
}

function rulesOf({ limits: { jsonDepth } }: CheckContext): JsonRules {
  return { jsonDepth }
}

function checkText({ text }: RawJson, rules: JsonRules, { problems, fail }: CheckContext, place: string): void {
  // Under the name that it has where it came by HTTP.
  if (!checkJson(text, rules, problems, place)) fail('body', 'must be valid JSON')
}

/** What an API key is narrowed to. */
export const scopes: Check = (given, context, place) => {
  const { limits } = context
  const { scopesPerKey } = limits
  const value = given instanceof RawJson ? parseJsonWithin(given.text, limits, place) : given
  if (!Array.isArray(value) || value.length === 0) {
    context.fail(place, 'must be a list of scopes, or absent')
  } else if (value.length > scopesPerKey) {
    context.fail(place, `must be at most ${scopesPerKey} (limit scopesPerKey)`)
  } else {
    for (const [index, scope] of value.entries()) {
      if (typeof scope !== 'string' || !parseScope(scope)) {
        context.fail(`${place}.${index}`, 'must be a scope such as read:config:app-* or write:kv:sessions')
      }
    }
  }
  return value
}
