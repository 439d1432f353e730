import { epochOf } from '../bucket-config'
import type { EngineEvent } from '../engine'
import type { Entry, StoredValue } from '../entry'
import type { Committed } from './committer'
import type { Expired, Outcome, PutWrite, Write } from './messages'
import { ENCODINGS } from './schema'

/** What followers are told of a batch, in the order of revisions; only for buckets that somebody follows. */
export function eventsOf(
  { report, writes }: Committed,
  storeEpoch: string,
  isFollowed: (bucket: string) => boolean,
): { bucket: string; event: EngineEvent }[] {
  const events: { bucket: string; event: EngineEvent }[] = []
  let expiries = 0
  for (const [place, write] of writes.entries()) {
    for (let next = report.expired[expiries]; next?.before === place; next = report.expired[++expiries]) {
      if (!isFollowed(next.bucket)) continue
      events.push({ bucket: next.bucket, event: { type: 'entry', entry: expiry(next, storeEpoch) } })
    }
    const outcome = report.outcomes[place]
    if (!('bucket' in write) || !isFollowed(write.bucket)) continue
    const event = outcome && eventOf(write, outcome, storeEpoch)
    if (event) events.push({ bucket: write.bucket, event })
  }
  return events
}

function eventOf(
  write: Exclude<Write, { do: 'settle' | 'probe' }>,
  outcome: Outcome,
  storeEpoch: string,
): EngineEvent | undefined {
  if (outcome.kind === 'bucket') {
    const isUpdate = write.do === 'updateBucket' && !outcome.repeated
    return isUpdate ? { type: 'bucket_updated', record: outcome.record } : undefined
  }
  if (outcome.kind !== 'written' && outcome.kind !== 'removed') return undefined
  if (outcome.life === undefined || outcome.repeated) return undefined
  const { revision, createdAt } = outcome
  const epoch = epochOf(storeEpoch, outcome.life)
  if (outcome.kind === 'removed') return { type: 'bucket_deleted', epoch, revision, createdAt }
  if (!('key' in write)) return undefined
  const { expiresAt } = outcome
  const entry: Entry = { key: write.key, epoch, revision, createdAt, operation: write.do }
  if (write.meta !== undefined) entry.meta = JSON.parse(write.meta)
  if (write.do === 'put') entry.value = storedValue(write)
  if (expiresAt !== undefined) entry.expiresAt = expiresAt
  return { type: 'entry', entry }
}

function storedValue({ encoding, value }: PutWrite): StoredValue {
  if (typeof value !== 'string') return { encoding: 'base64', bytes: value }
  return { encoding: ENCODINGS[encoding] === 'json' ? 'json' : 'text', text: value }
}

function expiry({ life, key, revision, createdAt }: Expired, storeEpoch: string): Entry {
  return { key, epoch: epochOf(storeEpoch, life), revision, createdAt, operation: 'expire' }
}
