import { invalid } from '../errors/kinds'
import { METHODS, type MethodRow, type QueryType } from './methods'
import { isWellFormed } from './value'

/** The query of a call's URL, with its `?`, or nothing. @throws ValidationError for text that a URL cannot carry */
export function encodeQuery(row: MethodRow, params: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams()
  if (row.when?.query) query.set(row.when.query, 'true')
  for (const name of Object.keys(row.query ?? {})) {
    if (params[name] === undefined) continue
    const text = String(params[name])
    // URLSearchParams would send another text, in silence.
    if (!isWellFormed(text)) throw invalid({ [name]: 'must be well-formed Unicode' })
    query.set(name, text)
  }
  return query.size === 0 ? '' : `?${query}`
}

/**
 * The parameters in a request's query, given without its `?`.
 *
 * @throws ValidationError naming the parameter that is unknown, doubled or malformed
 */
export function decodeQuery(row: MethodRow, text: string): Record<string, unknown> {
  const types: Readonly<Record<string, QueryType>> = row.query ?? {}
  const params: Record<string, unknown> = {}
  if (text === '') return params
  const seen = new Set<string>()
  for (const [name, value] of new URLSearchParams(checkedQuery(text))) {
    if (seen.has(name)) throw invalid({ [name]: 'must be given once' })
    seen.add(name)
    if (Object.hasOwn(types, name)) params[name] = decodeQueryValue(name, value, types[name] as QueryType)
    else if (isFlag(row, name)) decodeQueryValue(name, value, 'boolean')
    else throw invalid({ [name]: 'is not a parameter of this route' })
  }
  return params
}

/** Whether the parameter chooses between the rows of this route; it is no parameter of the call. */
function isFlag(row: MethodRow, name: string): boolean {
  return Object.values<MethodRow>(METHODS).some(
    (other) => other.verb === row.verb && other.path === row.path && other.when?.query === name,
  )
}

function decodeQueryValue(name: string, value: string, type: QueryType): unknown {
  if (type === 'text') return value
  if (type === 'boolean') {
    if (value !== 'true' && value !== 'false') throw invalid({ [name]: 'must be true or false' })
    return value === 'true'
  }
  if (!/^\d{1,16}$/.test(value) || !Number.isSafeInteger(Number(value))) {
    throw invalid({ [name]: 'must be a whole number, 0 or more' })
  }
  return Number(value)
}

/** `URLSearchParams` replaces broken percent-encoding in silence; this refuses it. */
function checkedQuery(text: string): string {
  try {
    decodeURIComponent(text)
  } catch {
    throw invalid({ query: 'has percent-encoding that is not valid UTF-8' })
  }
  return text
}
