import { errorFor, isIronflowError } from '@ironflow/core/errors'
import type { IfRevision } from '@ironflow/core/protocol'
import type { Commit, Engine, Entry, StoredValue } from '../engine/engine'

/** How often a read-modify-write starts over because another server wrote in between. */
const MAX_ATTEMPTS = 64

/** Work on the same thing, one after the other; on different things at the same time. */
export class KeyedQueue {
  private readonly tails = new Map<string, Promise<unknown>>()

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.tails.get(key)
    const turn = before === undefined ? work() : before.then(work, work)
    this.tails.set(key, turn)
    try {
      return await turn
    } finally {
      if (this.tails.get(key) === turn) this.tails.delete(key)
    }
  }
}

/**
 * Reads an entry, writes what `change` makes of it, and starts over when somebody else wrote in between. Writers of
 * this process queue up, so only other servers can make it start over.
 */
export async function readModifyWrite(
  engine: Engine,
  queue: KeyedQueue,
  bucket: string,
  key: string,
  change: (current: Entry | undefined) => StoredValue,
): Promise<Commit> {
  return queue.run(`${bucket}/${key}`, async () => {
    for (let attempt = 1; ; attempt++) {
      const current = await engine.get(bucket, key)
      try {
        return await engine.put(bucket, key, change(current), { expectedRevision: current?.revision ?? 0 })
      } catch (error) {
        if (attempt === MAX_ATTEMPTS || !isIronflowError(error) || error.code !== 'revision_conflict') throw error
        // Full jitter: servers that met once shall not meet again at once.
        await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(100, 2 ** attempt)))
      }
    }
  })
}

/**
 * What the engine is to expect of a key, from what the caller saw.
 *
 * @throws ConflictError where the revision is one of another store: it says nothing about this one
 */
export async function expectation(
  engine: Engine,
  bucket: string,
  key: string,
  { ifRevision, ifEpoch }: IfRevision,
): Promise<{ expectedRevision?: number | undefined }> {
  if (ifEpoch !== undefined && ifEpoch !== engine.facts.epoch) {
    const current = await engine.get(bucket, key)
    throw errorFor('revision_conflict', 'the ETag is of another store, or of one from before a restore', {
      currentRevision: current?.revision ?? 0,
    })
  }
  return { expectedRevision: ifRevision }
}
