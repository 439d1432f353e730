import { type Encoding, encodeJson, fromBase64, isWellFormed, RawJson } from '@ironflow/core/protocol'
import { isDeeperThan, parseJson } from '../domain/json-text'
import { parseScope } from '../domain/scopes'
import type { Check, CheckContext } from './checks'

/** A config document, or fields of one: a JSON object, whole or as text. */
export const document: Check = (value, context, place) => {
  const data = value instanceof RawJson ? parseJson(value.text) : value
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    context.fail(place, 'must be a JSON object')
  } else {
    inspect(data, context, place, 1)
  }
  return data
}

/**
 * Looks through a document for what it must not have: too many levels, and members called `__proto__`, which some
 * reader would sooner or later assign and not define. Recursion ends where the limit of levels is met.
 */
function inspect(data: object, context: CheckContext, place: string, depth: number): void {
  const { jsonDepth } = context.limits
  if (depth > jsonDepth) {
    context.fail(place, `nests deeper than ${jsonDepth} levels (limit jsonDepth)`)
    return
  }
  for (const name of Object.keys(data)) {
    const at = `${place}.${name}`
    if (name === '__proto__') context.fail(at, 'is a reserved name')
    const member = (data as Record<string, unknown>)[name]
    if (typeof member === 'object' && member !== null && name !== '__proto__') inspect(member, context, at, depth + 1)
  }
}

/** A KV value, as the parameter `encoding` says. JSON becomes text, base64 becomes bytes. */
export const kvValue: Check = (value, context, place) => {
  const encoding = context.params.encoding as Encoding
  if (encoding === 'json') return jsonValue(value, context, place)
  if (encoding === 'text') {
    if (typeof value !== 'string' || !isWellFormed(value)) context.fail(place, 'must be well-formed text')
    return value
  }
  if (value instanceof Uint8Array) return value
  const isBase64 =
    typeof value === 'string' && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value) && value !== '='
  if (isBase64) return fromBase64(value)
  context.fail(place, 'must be base64')
  return value
}

function jsonValue(value: unknown, context: CheckContext, place: string): unknown {
  const json = value instanceof RawJson ? value : encodeJson(value, place)
  const { jsonDepth } = context.limits
  if (isDeeperThan(json.text, jsonDepth)) {
    context.fail(place, `nests deeper than ${jsonDepth} levels (limit jsonDepth)`)
  }
  return json
}

/** What an API key is narrowed to. */
export const scopes: Check = (value, context, place) => {
  const { scopesPerKey } = context.limits
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
