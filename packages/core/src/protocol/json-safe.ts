import { invalid } from '../errors/kinds'

/**
 * Checks that JSON can carry a value, so that it comes back as it went in. As with `JSON.stringify`, members that are
 * `undefined` are left out, and an object with a `toJSON` is what that returns: a `Date` its ISO text.
 *
 * @param place names the value; what is within it is named under it: `data.member.0`
 * @throws ValidationError for `NaN`, `Infinity`, bigint, symbols, functions, cycles, an element that is `undefined`, and
 * objects whose content is not in their members: `Map`, `Set`, bytes
 */
export function expectJson(value: unknown, place: string): void {
  visit(value, place, [])
}

function visit(value: unknown, place: string, around: readonly object[]): void {
  const problem = problemOf(value, around)
  if (problem) throw invalid({ [place]: `cannot be written as JSON: ${problem}` })
  if (typeof value !== 'object' || value === null) return
  const { toJSON } = value as { toJSON?: unknown }
  if (typeof toJSON === 'function') {
    const json: unknown = toJSON.call(value, '')
    // A date that is none has no text.
    visit(value instanceof Date ? (json ?? Number.NaN) : json, place, around)
    return
  }
  const within = [...around, value]
  const members = Array.isArray(value)
    ? value.entries()
    : Object.entries(value).filter(([, member]) => member !== undefined)
  for (const [name, member] of members) visit(member, `${place}.${name}`, within)
}

/** Returns why JSON cannot carry a value, apart from what is within it; `undefined`: it can. */
function problemOf(value: unknown, around: readonly object[]): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : String(value)
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return undefined
  if (typeof value !== 'object') return typeof value
  if (around.includes(value)) return 'cycle'
  const kind = kindOf(value)
  const isData = kind === 'Object' || kind === 'Array' || ('toJSON' in value && !ArrayBuffer.isView(value))
  return isData ? undefined : kind
}

/** Returns the kind of an object of any realm: `Object`, `Array`, `Map`. */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1)
}
