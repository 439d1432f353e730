import type { EngineEvent, Entry, StoredValue } from '../engine'
import { ENCODINGS } from './codes'
import type { Committed } from './committer'
import type { Expired, Outcome, PutWrite, Write } from './messages'

/** What followers are told of a batch, in the order of revisions; only for buckets that somebody follows. */
export function eventsOf(
  { report, writes }: Committed,
  isFollowed: (bucket: string) => boolean,
): { bucket: string; event: EngineEvent }[] {
  const events: { bucket: string; event: EngineEvent }[] = []
  let expiries = 0
  for (const [place, write] of writes.entries()) {
    for (let next = report.expired[expiries]; next?.before === place; next = report.expired[++expiries]) {
      if (isFollowed(next.bucket)) events.push({ bucket: next.bucket, event: { type: 'entry', entry: expiry(next) } })
    }
    const outcome = report.outcomes[place]
    if (!('bucket' in write) || !isFollowed(write.bucket)) continue
    const event = outcome && eventOf(write, outcome)
    if (event) events.push({ bucket: write.bucket, event })
  }
  return events
}

function eventOf(write: Exclude<Write, { do: 'settle' | 'probe' }>, outcome: Outcome): EngineEvent | undefined {
  if (write.do === 'deleteBucket') {
    if (outcome.kind !== 'removed' || outcome.revision === undefined) return undefined
    return { type: 'bucket_deleted', revision: outcome.revision, createdAt: write.now }
  }
  if (outcome.kind !== 'written' || !('key' in write)) return undefined
  const { revision, createdAt, expiresAt } = outcome
  const entry: Entry = { key: write.key, revision, createdAt, operation: write.do }
  if (write.do === 'put') entry.value = storedValue(write)
  if (expiresAt !== undefined) entry.expiresAt = expiresAt
  return { type: 'entry', entry }
}

function storedValue({ encoding, value }: PutWrite): StoredValue {
  if (typeof value !== 'string') return { encoding: 'base64', bytes: value }
  return { encoding: ENCODINGS[encoding] === 'json' ? 'json' : 'text', text: value }
}

function expiry({ key, revision, createdAt }: Expired): Entry {
  return { key, revision, createdAt, operation: 'expire' }
}
