import { sleep } from '../async/sleep'
import type { ErrorCode } from '../errors/codes'
import { hasCode } from '../errors/ironflow-error'
import { backoffMs } from '../pipeline/backoff'
import type { CallOptions } from '../pipeline/call-options'
import type { Pipeline } from '../pipeline/pipeline'

/** How often `modify` reads and tries again before it gives up with the conflict. */
export const MAX_MODIFY_ATTEMPTS = 64

/**
 * Prepares and writes until the write does not meet a `revision_conflict`. Between tries it waits with full jitter, so
 * that many writers of one key get out of each other's way.
 *
 * @param options after their `timeoutMs` no further try begins; each call of a try has its own time-out besides
 * @param prepare returns the write, which takes the outcome that is expected of it: the conflict of the last one is a
 * failure to be reported. What `prepare` itself throws is thrown on, also a conflict: that was about something else.
 */
export async function untilNoConflict<T>(
  pipeline: Pipeline,
  options: CallOptions,
  prepare: () => Promise<(expected: ErrorCode | undefined) => Promise<T>>,
): Promise<T> {
  const { platform } = pipeline
  const endsAt = platform.now() + pipeline.timeoutMs(options)
  for (let attempts = 1; ; attempts += 1) {
    const write = await prepare()
    const last = attempts === MAX_MODIFY_ATTEMPTS || platform.now() >= endsAt
    try {
      return await write(last ? undefined : 'revision_conflict')
    } catch (error) {
      if (last || !hasCode(error, 'revision_conflict')) throw error
    }
    // An aborted wait is over at once; the next attempt then fails with `aborted`, as every call does.
    const ms = backoffMs(attempts, { baseMs: 4, capMs: 250 }, platform.random())
    await sleep(platform, ms, options.signal).catch(() => undefined)
  }
}
