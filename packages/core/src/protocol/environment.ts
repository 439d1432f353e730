import { invalid } from '../errors/kinds'
import { HEADERS } from './headers'
import type { MethodRow } from './methods'

/** The parts of a request that may name its environment before the body is read. */
export interface EnvironmentSource {
  readonly pathParams: Readonly<Record<string, string>>
  /** Without the `?`. */
  readonly query: string
  header(name: string): string | undefined
}

/** A place besides the header where a request has its environment, and the name that it has there. */
export interface PlacedEnvironment {
  readonly place: 'path' | 'query' | 'body'
  readonly name: string
}

/** The place where a request of this method has its environment; `undefined`: the header. */
export function placedEnvironment({ environment }: MethodRow): PlacedEnvironment | undefined {
  if (environment === undefined || environment === 'project') return undefined
  if (environment === 'path') return { place: 'path', name: 'environment' }
  return 'query' in environment
    ? { place: 'query', name: environment.query }
    : { place: 'body', name: environment.body }
}

/**
 * The environment that a request names, as far as that is known before its body is read.
 *
 * @throws ValidationError where it names two
 */
export function namedEnvironment(row: MethodRow, { pathParams, query, header }: EnvironmentSource): string | undefined {
  const inHeader = header(HEADERS.environment)
  const placed = placedEnvironment(row)
  if (placed?.place === 'path') return oneEnvironment(inHeader, pathParams[placed.name], 'path')
  if (placed?.place !== 'query') return inHeader
  return oneEnvironment(inHeader, new URLSearchParams(query).get(placed.name) ?? undefined, 'query')
}

/** The environment that is named in the header, or elsewhere, or in both. @throws ValidationError where these differ */
export function oneEnvironment(
  inHeader: string | undefined,
  elsewhere: string | undefined,
  place: 'path' | 'query' | 'body',
): string | undefined {
  if (inHeader !== undefined && elsewhere !== undefined && inHeader !== elsewhere) {
    throw invalid({ environment: `is another one in the ${place} than in the header` })
  }
  return elsewhere ?? inHeader
}
