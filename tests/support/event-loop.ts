import { setTimeout as sleep } from 'node:timers/promises'

/** Latencies of a server's `/health`, measured from outside while something else happens to it. */
export interface HealthReport {
  readonly count: number
  readonly p99: number
  readonly max: number
}

/**
 * Asks a server's `/health` every few milliseconds until `work` is done, one request at a time, and reports how long the
 * answers took, in milliseconds. A server whose event loop is held up answers late.
 */
export async function healthDuring(url: string, work: () => Promise<unknown>, everyMs = 5): Promise<HealthReport> {
  const took: number[] = []
  let isDone = false
  const asking = (async () => {
    while (!isDone) {
      const startedAt = performance.now()
      const response = await fetch(`${url}/health`)
      await response.arrayBuffer()
      took.push(performance.now() - startedAt)
      await sleep(everyMs)
    }
  })()
  try {
    await work()
  } finally {
    isDone = true
    await asking
  }
  took.sort((a, b) => a - b)
  return { count: took.length, p99: took[Math.floor(took.length * 0.99)] ?? 0, max: took.at(-1) ?? 0 }
}
