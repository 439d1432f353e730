import { errorFor, type IronflowError, invalid } from '@ironflow/core/errors'
import { METHODS, type MethodName, type MethodRow, matchPath, PathSyntaxError } from '@ironflow/core/protocol'

/** The methods that share a path. */
export interface Route {
  readonly path: string
  readonly segments: readonly string[]
  /** In the order of the table: the first whose `when` holds is meant. */
  readonly rows: readonly RouteRow[]
  /** What `Allow` says. */
  readonly allow: string
}

export interface RouteRow {
  readonly method: MethodName
  readonly row: MethodRow
}

/** A path that was found, with what it names. */
export interface RouteMatch {
  readonly route: Route
  readonly params: Record<string, string>
}

const ROUTES: readonly Route[] = collect()

/** Characters of a path that an error repeats at most. */
const MAX_PATH = 200

/** The error of a path that is no route: an address with too much or too little in it. */
export function unknownRoute(path: string): IronflowError {
  const shown = path.length > MAX_PATH ? `${path.slice(0, MAX_PATH)}…` : path
  return errorFor(
    'unknown_route',
    `there is no route ${shown}; all begin with /api/v1, directly after the host of serverUrl`,
  )
}

/** The route of a raw path. @throws ValidationError for percent-encoding that is not UTF-8 */
export function findRoute(path: string): RouteMatch | undefined {
  const segments = path.split('/')
  for (const route of ROUTES) {
    const params = match(route.segments, segments)
    if (params) return { route, params }
  }
  return undefined
}

/** Returns the method whose responses are cached, as its row says. @throws Error where the table has none, or several */
export function cachedRoute(): RouteRow {
  const [cached, ...others] = ROUTES.flatMap(({ rows }) => rows.filter(({ row }) => row.cached))
  if (!cached || others.length > 0) throw new Error('the method table must have one row that is cached')
  return cached
}

function match(wanted: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  try {
    return matchPath(wanted, segments)
  } catch (error) {
    if (error instanceof PathSyntaxError) throw invalid({ path: 'has percent-encoding that is not valid UTF-8' })
    throw error
  }
}

function collect(): Route[] {
  const byPath = new Map<string, RouteRow[]>()
  for (const [method, row] of Object.entries(METHODS) as [MethodName, MethodRow][]) {
    const rows = byPath.get(row.path)
    if (rows) rows.push({ method, row })
    else byPath.set(row.path, [{ method, row }])
  }
  return Array.from(byPath, ([path, rows]) => {
    const verbs = new Set(rows.map(({ row }) => row.verb as string))
    if (verbs.has('GET')) verbs.add('HEAD')
    return { path, segments: path.split('/'), rows, allow: [...verbs, 'OPTIONS'].join(', ') }
  })
}
