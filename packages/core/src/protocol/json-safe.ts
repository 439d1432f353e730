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
  const path: Array<string | number> = [place]
  const around: object[] = []
  const visit = (value: unknown, isConverted = false): void => {
    const problem = problemOf(value, around)
    if (problem) throw invalid({ [path.join('.')]: `cannot be written as JSON: ${problem}` })
    if (typeof value !== 'object' || value === null) return
    const { toJSON } = value as { toJSON?: unknown }
    if (typeof toJSON === 'function' && !isConverted) {
      const json: unknown = toJSON.call(value, '')
      // A date that is none has no text.
      visit(value instanceof Date ? (json ?? Number.NaN) : json, true)
      return
    }
    const within = (name: string | number, member: unknown) => {
      path.push(name)
      visit(member)
      path.pop()
    }
    around.push(value)
    // Not `forEach`: it skips what is not there, which would become `null`.
    if (Array.isArray(value)) for (let index = 0; index < value.length; index++) within(index, value[index])
    else for (const [name, member] of Object.entries(value)) if (member !== undefined) within(name, member)
    around.pop()
  }
  visit(value)
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
