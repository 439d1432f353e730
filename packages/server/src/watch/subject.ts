import {
  type ConfigEvent,
  configTopic,
  matchesFilter,
  type Subscription,
  type SubscriptionKind,
} from '@ironflow/core/protocol'
import { rightToWatch } from '../dispatch/authorize'
import type { Right } from '../domain/rights'
import type { Entry } from '../engine/engine'
import { KeyFilter } from '../engine/key-filter'
import { configBucket, storedName } from '../keyspace'

/** What a subscription is about, in the words of the store. */
export interface Subject {
  readonly kind: SubscriptionKind
  /** The stored name of the bucket to follow. */
  readonly bucket: string
  /** Which of its keys; absent: all. */
  readonly filters: readonly string[] | undefined
  /** Whether the current values come first. */
  readonly hasValues: boolean
  /** Whether a change belongs to it. */
  matches(entry: Entry): boolean
  /** Whether it is about whatever fits a pattern: an entry that the caller may not read is passed over. */
  readonly isPattern: boolean
  /** The right that the frame of an entry needs. */
  rightOf(entry: Entry): Right
}

/** The subject of a subscription, which is valid. */
export function subjectOf(environment: string, { kind, target, filters, updatesOnly }: Subscription): Subject {
  const right = rightToWatch({ kind, target })
  if (kind === 'kv') {
    const keys = new KeyFilter(filters)
    return {
      filters,
      kind,
      bucket: storedName(environment, target),
      hasValues: updatesOnly !== true,
      matches: ({ key }) => keys.matches(key),
      isPattern: false,
      rightOf: () => right,
    }
  }
  const bucket = configBucket(environment)
  if (kind === 'config') {
    return {
      filters: [target],
      kind,
      bucket,
      hasValues: updatesOnly !== true,
      matches: ({ key }) => key === target,
      isPattern: false,
      rightOf: () => right,
    }
  }
  const name = target.split('.')[2]
  return {
    // Documents are named by one token, so its wildcards mean among names what they mean among keys.
    filters: name === undefined ? undefined : [name],
    kind,
    bucket,
    // Nothing has happened yet when somebody begins to listen.
    hasValues: false,
    matches: (entry) => matchesFilter(topicOf(entry), target),
    isPattern: true,
    rightOf: ({ key }) => ({ access: 'read', resource: 'config', target: key }),
  }
}

/** The topic of the event that a change of a config document is. */
export function topicOf({ key, operation }: Entry): string {
  const event: ConfigEvent = operation === 'put' ? 'updated' : 'deleted'
  return configTopic(key, event)
}
