import { isIronflowError } from '../errors/ironflow-error'
import { backoffMs } from '../pipeline/backoff'
import { sleep } from '../pipeline/deadline'
import type { Platform } from '../platform'

/** How often `modify` reads and tries again before it gives up with the conflict. */
export const MAX_MODIFY_ATTEMPTS = 64

/**
 * Prepares and writes until the write does not meet a `revision_conflict`. Between tries it waits with full jitter, so
 * that many writers of one key get out of each other's way.
 *
 * @param timeoutMs after that many milliseconds no further try begins; each call of a try has its own time-out besides
 * @param prepare answers the write, which is told whether it is the last: its conflict is then a failure to be reported.
 * What `prepare` itself throws is thrown on, also a conflict: that was about something else.
 */
export async function untilNoConflict<T>(
  platform: Pick<Platform, 'now' | 'setTimer' | 'random'>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  prepare: () => Promise<(last: boolean) => Promise<T>>,
): Promise<T> {
  const endsAt = platform.now() + timeoutMs
  for (let attempts = 1; ; attempts += 1) {
    const write = await prepare()
    const last = attempts === MAX_MODIFY_ATTEMPTS || platform.now() >= endsAt
    try {
      return await write(last)
    } catch (error) {
      if (last || !isIronflowError(error) || error.code !== 'revision_conflict') throw error
    }
    // An aborted wait is over at once; the next attempt then fails with `aborted`, as every call does.
    const ms = backoffMs(attempts, { baseMs: 4, capMs: 250 }, platform.random())
    await sleep(platform, ms, signal).catch(() => undefined)
  }
}
