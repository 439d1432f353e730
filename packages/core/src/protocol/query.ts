import { invalid } from '../errors/kinds'
import { placedEnvironment } from './environment'
import { METHODS, type MethodRow, type QueryType } from './methods'
import { isWellFormed } from './value'

/** The query of a call's URL, with its `?`, or nothing. @throws ValidationError for text that a URL cannot carry */
export function encodeQuery(row: MethodRow, params: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(row.when?.query ?? {})) query.set(name, value)
  for (const name of Object.keys(queryTypes(row))) {
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
  const types = queryTypes(row)
  const params: Record<string, unknown> = {}
  if (text === '') return params
  const seen = new Set<string>()
  for (const [name, value] of new URLSearchParams(checkedQuery(text))) {
    if (seen.has(name)) throw invalid({ [name]: 'must be given once' })
    seen.add(name)
    const type = Object.hasOwn(types, name) ? types[name] : undefined
    if (type) params[name] = decodeQueryValue(name, value, type)
    else expectChoice(row, name, value)
  }
  return params
}

/** The parameters of a method's query, and how they are read. */
export function queryTypes(row: MethodRow): NonNullable<MethodRow['query']> {
  const { query = {} } = row
  const environment = placedEnvironment(row)
  return environment?.place === 'query' ? { ...query, [environment.name]: 'text' } : query
}

/**
 * Checks a parameter that is none of the call but chooses between the rows of its route. One that says `true` has the
 * opposite, too.
 *
 * @throws ValidationError for any other parameter, and for a value that chooses nothing
 */
function expectChoice({ verb, path }: MethodRow, name: string, value: string): void {
  const rows = Object.values<MethodRow>(METHODS).filter((row) => row.verb === verb && row.path === path)
  const values = new Set(rows.flatMap(({ when }) => when?.query?.[name] ?? []))
  if (values.size === 0) throw invalid({ [name]: 'is not a parameter of this route' })
  if (values.has('true')) values.add('false')
  if (!values.has(value)) throw invalid({ [name]: `must be ${[...values].join(' or ')}` })
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
