import type { Call, Reply } from '../protocol/call'
import { isMutating, methodRow } from '../protocol/methods'

/**
 * Read your writes: the newest revision this client has made in each bucket, sent along with later reads of it. Config
 * documents of an environment share one bucket.
 */
export class Revisions {
  private readonly newest = new Map<string, number>()

  /** What a read must at least have seen. */
  minRevision(call: Pick<Call, 'method' | 'params' | 'environment'>): number | undefined {
    return isMutating(methodRow(call.method)) ? undefined : this.newest.get(bucketOf(call))
  }

  /** Remembers what a write made. */
  note(call: Call, reply: Reply): void {
    if (reply.revision === undefined || !isMutating(methodRow(call.method))) return
    const bucket = bucketOf(call)
    this.newest.set(bucket, Math.max(reply.revision, this.newest.get(bucket) ?? 0))
  }
}

function bucketOf({ method, params, environment }: Pick<Call, 'method' | 'params' | 'environment'>): string {
  const { resource, target } = methodRow(method)
  const name = resource === 'kv' && target ? (params as Record<string, unknown>)[target] : ''
  return `${environment ?? ''}/${resource}/${name}`
}
