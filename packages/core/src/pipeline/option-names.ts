import { invalid } from '../errors/kinds'
import { kindOf } from '../protocol/json-safe'
import { isMutating, type MethodName, methodRow } from '../protocol/methods'

/** The names of {@link CallOptions}. */
export const CALL_OPTIONS = 'signal timeoutMs'

/** The names of the options that a method has besides those of every method. */
const OWN: Partial<Record<MethodName, string>> = {
  'config.get': 'revision known',
  'config.set': 'ifRevision createOnly',
  'config.patch': 'ifRevision',
  'config.delete': 'ifRevision',
  'config.rollback': 'ifRevision',
  'config.history': 'limit',
  'kv.createBucket': 'ifExists',
  'kv.get': 'revision',
  'kv.put': 'ttlSeconds',
  'kv.create': 'ttlSeconds',
  'kv.update': 'ttlSeconds',
  'kv.delete': 'ifRevision',
  'kv.purge': 'ifRevision',
  'kv.history': 'limit',
}

/** Returns the names of a method's options. */
export function optionNames(method: MethodName): string {
  return `${CALL_OPTIONS}${isMutating(methodRow(method)) ? '' : ' consistency'} ${OWN[method] ?? ''}`
}

/**
 * Checks that options are an object, and have no member that is no option: a misspelt one would do nothing, in silence.
 * An instance of a class may have members of its own, such as a log that is the handlers of a watch.
 *
 * @param names the known ones, with blanks between them
 * @param place names the options where they are a part of something: `retry`
 * @throws ValidationError, which says for each unknown name the known one that is most like it
 */
export function expectOptions(options: unknown, names: string, place?: string): void {
  if (options === undefined) return
  const all = names.trim().replaceAll(' ', ', ')
  if (kindOf(options) !== 'Object') throw invalid({ [place ?? 'options']: `must be an object; its members: ${all}` })
  const prototype: unknown = Object.getPrototypeOf(options)
  if (prototype && Object.getPrototypeOf(prototype)) return
  const fields: Record<string, string> = {}
  for (const name of Object.keys(options as object)) {
    const known = names.trim().split(' ')
    if (known.includes(name)) continue
    const [nearest] = known.sort((a, b) => likeness(b, name) - likeness(a, name)) as [string]
    const hint = likeness(nearest, name) > 0 ? `did you mean ${nearest}?` : `options: ${all}`
    fields[place ? `${place}.${name}` : name] = `is not an option; ${hint}`
  }
  if (Object.keys(fields).length > 0) throw invalid(fields)
}

/** Returns how much of two names is the same: the share of pairs of letters that they have in common, 0 to 0.5. */
function likeness(one: string, other: string): number {
  const [a, b] = [pairsOf(one), pairsOf(other)]
  return [...a].filter((pair) => b.has(pair)).length / (a.size + b.size)
}

function pairsOf(name: string): Set<string> {
  const text = name.toLowerCase()
  return new Set(Array.from(text, (_, index) => text.slice(index, index + 2)))
}
