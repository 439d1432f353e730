import { FieldProblems, invalid } from '@ironflow/core/errors'
import {
  checkSubscription,
  isWatchKind,
  matchPath,
  PathSyntaxError,
  parseCursor,
  type Subscription,
  type SubscriptionKind,
  WATCH_KINDS,
  type WatchKindRow,
  watchKindRow,
} from '@ironflow/core/protocol'

/** A route that watches. */
export interface WatchRoute {
  readonly path: string
  readonly verb: 'GET' | 'POST'
  /** What `Allow` says. */
  readonly allow: string
  /** Query parameters it takes, besides `environment`. */
  readonly query: readonly string[]
  /** Of a route that watches one thing, the kind of thing. */
  readonly kind?: SubscriptionKind
}

/** The one thing that a route watches. */
export type WatchSubject = Pick<Subscription, 'kind' | 'target' | 'filters'>

/** A route that was found, with what its path names. */
export interface WatchRouteMatch {
  readonly route: WatchRoute
  readonly params: Readonly<Record<string, string>>
}

const GET = { verb: 'GET', allow: 'GET, OPTIONS' } as const

/** The socket that carries a whole session, and calls. */
export const SOCKET_PATH = '/api/v1/ws'

/** All routes that watch: the session's, and one for each kind of watch. */
export const WATCH_ROUTES: readonly WatchRoute[] = [
  { ...GET, path: SOCKET_PATH, query: [] },
  { verb: 'POST', allow: 'POST, OPTIONS', path: '/api/v1/watch', query: ['lastEventId', 'waitMs'] },
  ...Object.keys(WATCH_KINDS).filter(isWatchKind).map(routeOf),
]

function routeOf(kind: SubscriptionKind): WatchRoute {
  const { path, target, filters = [] } = watchKindRow(kind).route
  const inQuery = path.includes(`:${target}`) ? [filters] : [target, filters]
  return { ...GET, path, query: ['cursor', 'lastEventId', 'updatesOnly', ...inQuery.flat()], kind }
}

/** The watch route of a raw path. @throws ValidationError for percent-encoding that is not UTF-8 */
export function findWatchRoute(path: string): WatchRouteMatch | undefined {
  if (!path.endsWith('/watch') && path !== SOCKET_PATH) return undefined
  for (const route of WATCH_ROUTES) {
    try {
      const params = matchPath(route.path, path)
      if (params) return { route, params }
    } catch (error) {
      if (error instanceof PathSyntaxError) throw invalid({ path: 'has percent-encoding that is not valid UTF-8' })
      throw error
    }
  }
  return undefined
}

/** The query of a watch route. @throws ValidationError naming the parameter that is unknown, doubled or malformed */
export function watchQuery({ query: known, kind }: WatchRoute, text: string): URLSearchParams {
  try {
    decodeURIComponent(text)
  } catch {
    throw invalid({ query: 'has percent-encoding that is not valid UTF-8' })
  }
  const query = new URLSearchParams(text)
  const repeatable = kind && watchKindRow(kind).route.filters
  for (const name of query.keys()) {
    if (name !== 'environment' && !known.includes(name)) throw invalid({ [name]: 'is not a parameter of this route' })
    if (name !== repeatable && query.getAll(name).length > 1) throw invalid({ [name]: 'must be given once' })
  }
  return query
}

/** The one thing that a route watches, as the request names it: nothing of it is checked. */
export function subjectOf({ route, params }: WatchRouteMatch, query: URLSearchParams): WatchSubject | undefined {
  const { kind } = route
  if (!kind) return undefined
  const names = watchKindRow(kind).route
  const target = params[names.target] ?? query.get(names.target) ?? names.targetDefault ?? ''
  const filters = names.filters === undefined ? [] : query.getAll(names.filters)
  return { kind, target, filters: filters.length > 0 ? filters : undefined }
}

/**
 * The subscription of a route that watches one thing.
 *
 * @param lastEventId the header `Last-Event-ID`: see {@link resumePoint}
 * @throws ValidationError naming the parameter that is wrong
 */
export function subscriptionOf(
  match: WatchRouteMatch,
  query: URLSearchParams,
  lastEventId: string | undefined,
): Subscription | undefined {
  const subject = subjectOf(match, query)
  if (!subject) return undefined
  const updatesOnly = query.get('updatesOnly')
  if (updatesOnly !== null && updatesOnly !== 'true' && updatesOnly !== 'false') {
    throw invalid({ updatesOnly: 'must be true or false' })
  }
  const point = resumePoint(query, lastEventId)
  const problems = new FieldProblems()
  const subscription = checkSubscription(
    { id: 'only', ...subject, cursor: point?.cursor, updatesOnly: updatesOnly === 'true' },
    '',
    problems,
  )
  if (subscription) return subscription
  throw invalid(inWordsOf(watchKindRow(subject.kind), point?.place ?? 'cursor', problems.error()?.fields ?? {}))
}

/**
 * The subscriptions of a session, as a client comes back to it. The id of an event is the cursor of the session's only
 * subscription; with several there are no ids, since none would say where each of them is.
 *
 * @param lastEventId the header `Last-Event-ID`: see {@link resumePoint}
 * @throws ValidationError for an id that this server did not give
 */
export function resumed(
  subscriptions: readonly Subscription[],
  query: URLSearchParams,
  lastEventId: string | undefined,
): readonly Subscription[] {
  const point = resumePoint(query, lastEventId)
  const [only, ...others] = subscriptions
  if (!point || !only) return subscriptions
  const { cursor, place } = point
  if (others.length > 0) {
    throw invalid({ [place]: 'cannot resume several subscriptions, whose events have no id: send a cursor in each' })
  }
  if (!parseCursor(cursor)) throw invalid({ [place]: 'is not one that this server gave' })
  return [{ ...only, cursor }]
}

/**
 * Where a client of event streams has got to, and the place of the request that says so. The header comes first; clients
 * that cannot set it send the same as `lastEventId`. Both are newer than a cursor, which stays what it was when the
 * client began.
 */
function resumePoint(query: URLSearchParams, lastEventId: string | undefined) {
  const places = { 'last-event-id': lastEventId, lastEventId: query.get('lastEventId'), cursor: query.get('cursor') }
  for (const [place, cursor] of Object.entries(places)) if (cursor) return { place, cursor }
  return undefined
}

/** What is wrong, under the names that the URL has for it. */
function inWordsOf(
  { route }: WatchKindRow,
  cursor: string,
  fields: Readonly<Record<string, string>>,
): Record<string, string> {
  const names: Record<string, string | undefined> = { target: route.target, filters: route.filters, cursor }
  return Object.fromEntries(Object.entries(fields).map(([name, problem]) => [names[name] ?? name, problem]))
}
