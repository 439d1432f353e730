import { isIronflowError } from '@ironflow/core/errors'
import type { Commit, Engine, Entry, PutOptions, StoredValue } from '../engine/engine'

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
 *
 * @param options of the put; the expected position is that of the entry that was read
 */
export async function readModifyWrite(
  engine: Engine,
  queue: KeyedQueue,
  bucket: string,
  key: string,
  change: (current: Entry | undefined) => StoredValue,
  options: PutOptions,
): Promise<Commit> {
  return queue.run(`${bucket}/${key}`, async () => {
    for (let attempt = 1; ; attempt++) {
      const current = await engine.get(bucket, key)
      try {
        const expected = current
          ? { expectedRevision: current.revision, expectedEpoch: current.epoch }
          : { expectedRevision: 0 }
        return await engine.put(bucket, key, change(current), { ...options, ...expected })
      } catch (error) {
        if (attempt === MAX_ATTEMPTS || !isIronflowError(error) || error.code !== 'revision_conflict') throw error
        // Full jitter: servers that met once shall not meet again at once.
        await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(100, 2 ** attempt)))
      }
    }
  })
}
