import type { Platform } from '../platform'
import { untilAborted } from './abort'

/** Waits, or, when the signal aborts, rejects at once with its reason. */
export async function sleep(platform: Pick<Platform, 'setTimer'>, ms: number, signal?: AbortSignal): Promise<void> {
  let cancel: (() => void) | undefined
  const elapsed = new Promise<void>((resolve) => {
    cancel = platform.setTimer(resolve, ms)
  })
  await untilAborted(elapsed, signal).finally(() => cancel?.())
}
