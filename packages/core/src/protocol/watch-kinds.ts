import { eventPatternRule } from './events'
import type { SubscriptionKind, WatchFrames } from './frames'
import { bucketRule, configNameRule, filterRule, type Rule } from './names'
import type { Resource } from './rights'

/**
 * One kind of watch: what it is about, who may watch it, and its route. Everything that knows about kinds reads this
 * table: the messages' checks, the routes, rights, the OpenAPI document, client and server.
 */
export interface WatchKindRow {
  /** Resource that a caller must be allowed to read; the second part of a scope. */
  readonly resource: Resource
  /** Rule for targets. */
  readonly target: Rule
  /** The target is a pattern: each thing that fits it is judged by itself. Absent: one thing, which scopes can name. */
  readonly isPattern?: true
  /** Rule for each filter. Absent: filters have no meaning. */
  readonly filter?: Rule
  readonly route: WatchKindRoute
  /** Name for `onError`. */
  readonly method: string
  /** The types of the frames that tell of changes. */
  readonly frames: Readonly<Record<string, true>>
}

/** The route that watches one thing of a kind. */
export interface WatchKindRoute {
  /** `:name` is one segment. */
  readonly path: string
  /** The parameter that is the target: of the path, or, where the path has none of this name, of the query. */
  readonly target: string
  /** The target where the query names none. */
  readonly targetDefault?: string
  /** The parameter of the query that is a filter, and may be repeated. */
  readonly filters?: string
}

/** A row for each kind, with each of its frames. */
type WatchKindTable = {
  readonly [K in SubscriptionKind]: WatchKindRow & { readonly frames: Readonly<Record<WatchFrames[K]['type'], true>> }
}

/** The watch-kind table. */
export const WATCH_KINDS = {
  config: {
    resource: 'config',
    target: configNameRule,
    route: { path: '/api/v1/config/:name/watch', target: 'name' },
    method: 'config.watch',
    frames: { config_update: true, config_delete: true },
  },
  kv: {
    resource: 'kv',
    target: bucketRule,
    filter: filterRule,
    route: { path: '/api/v1/kv/buckets/:bucket/watch', target: 'bucket', filters: 'key' },
    method: 'kv.watch',
    frames: { kv_update: true },
  },
  events: {
    resource: 'config',
    target: eventPatternRule,
    isPattern: true,
    route: { path: '/api/v1/events/watch', target: 'pattern', targetDefault: '>' },
    method: 'events.subscribe',
    frames: { event: true },
  },
} as const satisfies WatchKindTable

/** Name of a watch for `onError`. */
export type WatchMethod = (typeof WATCH_KINDS)[SubscriptionKind]['method']

/** Returns whether that is the name of a kind. */
export function isWatchKind(name: unknown): name is SubscriptionKind {
  return typeof name === 'string' && Object.hasOwn(WATCH_KINDS, name)
}

/** The row of a kind. */
export function watchKindRow(kind: SubscriptionKind): WatchKindRow {
  return WATCH_KINDS[kind]
}
