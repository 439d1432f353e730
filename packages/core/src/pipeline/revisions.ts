import type { Call, Reply } from '../protocol/call'
import { isMutating, methodRow } from '../protocol/methods'
import { formatPosition, type KnownPosition } from '../protocol/position'

/**
 * Read your writes: the newest position this client has made in each bucket, sent along with later reads of it. Config
 * documents of an environment share one bucket.
 */
export class Revisions {
  private readonly newest = new Map<string, KnownPosition>()

  /** Returns what a read must at least have seen, as text. */
  minPosition(call: Pick<Call, 'method' | 'params' | 'environment'>): string | undefined {
    const position = isMutating(methodRow(call.method)) ? undefined : this.newest.get(bucketOf(call))
    return position && formatPosition(position)
  }

  /** Remembers what a write made. Of two lives of a bucket, the one that was heard of last counts. */
  note(call: Call, { revision, epoch }: Reply): void {
    if (revision === undefined || !isMutating(methodRow(call.method))) return
    const bucket = bucketOf(call)
    const known = this.newest.get(bucket)
    if (known?.epoch !== epoch || revision > (known?.revision ?? -1)) this.newest.set(bucket, { revision, epoch })
  }
}

function bucketOf({ method, params, environment }: Pick<Call, 'method' | 'params' | 'environment'>): string {
  const { resource, bucket } = methodRow(method)
  const name = bucket ? (params as Record<string, unknown>)[bucket] : ''
  return `${environment ?? ''}/${resource}/${name}`
}
