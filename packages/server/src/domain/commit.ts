import { type IronflowError, isIronflowError } from '@ironflow/core/errors'
import type { Engine } from '../engine/engine'
import type { Commit, Entry, StoredValue } from '../engine/entry'
import type { PutOptions } from '../engine/write-options'
import { beyondLimit, type Limits } from '../limits'

/** How often a read-modify-write starts over because another server wrote in between. */
const MAX_ATTEMPTS = 64

/** Work on the same thing, one after the other; on different things at the same time. What waits is bounded. */
export class KeyedQueue {
  private readonly tails = new Map<string, Promise<unknown>>()
  private waiting = 0
  private waitingBytes = 0

  constructor(private readonly limits: Limits) {}

  /**
   * Does `work` when all that came before it for the same key is over.
   *
   * @param bytesOf what is kept in memory while the work waits
   * @throws unavailable where too much waits already, and what `work` throws
   */
  async run<T>(key: string, work: () => Promise<T>, bytesOf: () => number = () => 0): Promise<T> {
    const before = this.tails.get(key)
    const turn = before === undefined ? work() : this.after(before, work, this.admit(bytesOf()))
    this.tails.set(key, turn)
    try {
      return await turn
    } finally {
      if (this.tails.get(key) === turn) this.tails.delete(key)
    }
  }

  private admit(bytes: number): number {
    const { waitingWrites, waitingWriteBytes } = this.limits
    if (this.waiting >= waitingWrites) throw this.tooMany('waitingWrites')
    if (this.waitingBytes + bytes > waitingWriteBytes) throw this.tooMany('waitingWriteBytes')
    this.waiting++
    this.waitingBytes += bytes
    return bytes
  }

  private async after<T>(before: Promise<unknown>, work: () => Promise<T>, bytes: number): Promise<T> {
    await before.catch(() => undefined)
    this.waiting--
    this.waitingBytes -= bytes
    return work()
  }

  private tooMany(limit: 'waitingWrites' | 'waitingWriteBytes'): IronflowError {
    return beyondLimit('unavailable', 'too many writes wait for others before them', limit, this.limits)
  }
}

/**
 * Reads an entry, writes what `change` makes of it, and starts over when somebody else wrote in between. Writers of
 * this process queue up, so only other servers can make it start over.
 *
 * @param bytesOf what `change` keeps in memory while it waits for its turn
 * @param options of the put; the expected position is that of the entry that was read
 */
export async function readModifyWrite(
  engine: Engine,
  queue: KeyedQueue,
  bucket: string,
  key: string,
  change: (current: Entry | undefined) => StoredValue,
  bytesOf: () => number,
  options: PutOptions,
): Promise<Commit> {
  const work = async () => {
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
  }
  return queue.run(`${bucket}/${key}`, work, bytesOf)
}
