import { type Subscription, type SubscriptionKind, watchKindRow } from '@ironflow/core/protocol'
import type { Right } from '../domain/rights'
import type { Entry } from '../engine/entry'
import { config } from './kinds/config'
import { events } from './kinds/events'
import { kv } from './kinds/kv'
import type { Watched, WatchKind } from './kinds/watch-kind'

/** The server's end of each kind of watch. A missing one does not compile. */
const KINDS: { readonly [K in SubscriptionKind]: WatchKind<K> } = { config, kv, events }

/** Subject of a subscription, and the right to it. */
export interface Subject extends Watched {
  /** The target is a pattern: an entry that the caller may not read is passed over. */
  readonly isPattern: boolean
  /** Returns the right that the frame of an entry needs. */
  rightOf(entry: Entry): Right
}

/** The subject of a subscription, which is valid. */
export function subjectOf(environment: string, subscription: Subscription): Subject {
  const { kind, updatesOnly } = subscription
  const { resource, isPattern = false } = watchKindRow(kind)
  const watched: Watched = KINDS[kind](environment, subscription)
  return {
    ...watched,
    hasValues: watched.hasValues && updatesOnly !== true,
    isPattern,
    rightOf: (entry) => ({ access: 'read', resource, target: watched.targetOf(entry) }),
  }
}
