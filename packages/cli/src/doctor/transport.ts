import type { IronflowClient, IronflowError, Watcher } from '@ironflow/node'
import { exitCodeOf } from '../exit-code-of'
import type { Finding } from './finding'

/** Milliseconds in which a watch must be live: enough for the steps from WebSocket to event stream to long poll. */
const PATIENCE_MS = 15_000

/** Watches a document and judges what carries that. @param name of a document; absent: there is none */
export async function examineTransport(client: IronflowClient, name = 'ironflow-doctor'): Promise<Finding> {
  let problem: IronflowError | undefined
  const options = { signal: AbortSignal.timeout(PATIENCE_MS) }
  const watcher: Watcher<unknown> = client.config().watch(
    name,
    {
      onUpdate: () => undefined,
      onStatus(status) {
        if (status.state === 'interrupted' || status.state === 'unauthorized') problem = status.error
        if (status.state === 'unauthorized') watcher.stop()
      },
    },
    options,
  )
  try {
    await watcher.ready
    const { transport, transportReason } = client.status()
    return judgeTransport(transport, transportReason)
  } catch (error) {
    return failedWatch(problem ?? error)
  } finally {
    watcher.stop()
  }
}

/** Judges the transport of a watch that is live. */
export function judgeTransport(transport: string, reason: string | undefined): Finding {
  if (transport === 'websocket') return { check: 'transport', verdict: 'ok', text: 'watches go over a WebSocket' }
  return {
    check: 'transport',
    verdict: 'warning',
    text: `watches go over ${transport}: ${reason ?? 'no WebSocket opened'}`,
    advice: 'let the proxy pass WebSocket upgrades of /api/v1/ws: see docs/proxies.md',
  }
}

function failedWatch(error: unknown): Finding {
  return {
    check: 'transport',
    verdict: 'failed',
    text: `calls work, watches do not: ${error instanceof Error ? error.message : String(error)}`,
    advice: 'let the proxy pass WebSockets or event streams: see docs/proxies.md',
    exitCode: exitCodeOf(error),
  }
}
