import { invalid } from '../errors/kinds'

/**
 * Fills a row's path: every parameter becomes one percent-encoded segment, also a key with slashes in it.
 *
 * @throws ValidationError for what no URL can carry as one segment: nothing, `.`, `..` (URL parsers remove them, even
 * percent-encoded) and lone surrogates.
 */
export function fillPath(path: string, params: Readonly<Record<string, unknown>>): string {
  return path.replace(/:([a-zA-Z]+)\+?/g, (_, name: string) => {
    const value = params[name]
    if (typeof value !== 'string') throw invalid({ [name]: 'must be a string' })
    if (value === '') throw invalid({ [name]: 'must not be empty' })
    if (value === '.' || value === '..') throw invalid({ [name]: 'must not be . or ..' })
    try {
      return encodeURIComponent(value)
    } catch (error) {
      throw invalid({ [name]: 'must be well-formed Unicode' }, error)
    }
  })
}

/** Where in a path a parameter was found that cannot be read. */
export class PathSyntaxError extends Error {}

/**
 * Matches a raw request path (not normalised, no query) against a row's path. Segments are decoded once, one by one.
 * A server that tries one request against many rows gives both already split at the slashes.
 *
 * @returns the parameters, or `undefined` where the path is another one
 * @throws PathSyntaxError for percent-encoding that is not UTF-8
 */
export function matchPath(
  path: string | readonly string[],
  rawPath: string | readonly string[],
): Record<string, string> | undefined {
  const wanted = typeof path === 'string' ? path.split('/') : path
  const segments = typeof rawPath === 'string' ? rawPath.split('/') : rawPath
  const rest = wanted.at(-1)?.endsWith('+') === true
  if (rest ? segments.length < wanted.length : segments.length !== wanted.length) return undefined

  const params: Record<string, string> = {}
  for (const [index, part] of wanted.entries()) {
    if (!part.startsWith(':')) {
      if (part !== segments[index]) return undefined
    } else if (part.endsWith('+')) {
      params[part.slice(1, -1)] = segments.slice(index).map(decodeSegment).join('/')
    } else {
      params[part.slice(1)] = decodeSegment(segments[index] as string)
    }
  }
  return params
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new PathSyntaxError('the path has percent-encoding that is not valid UTF-8')
  }
}
