import { ConnectionError } from '@ironflow/core'
import { MAX_TIMER_MS, openWebSocket, type Platform } from '@ironflow/core/runtime'
import { version } from '../package.json'
import { env } from './env'

/** A runtime of web standards as core needs it, such as Cloudflare Workers: it has `fetch` and a WebSocket of its own. */
export const webPlatform: Platform = {
  clientName: `node/${version}`,
  // Looked up at each call, so that a test or an agent that replaces the global is heard.
  fetch: (url, request) => globalThis.fetch(url, request),
  env,
  now: () => Date.now(),
  random: () => Math.random(),
  uuid: () => crypto.randomUUID(),
  setTimer(callback, ms) {
    const timer = setTimeout(callback, Math.min(ms, MAX_TIMER_MS))
    return () => clearTimeout(timer)
  },
  // Its headers are for the runtime to say.
  openSocket: (url, protocols, _, events) => openWebSocket(globalThis.WebSocket, url, protocols, events),
  lifecycle: () => () => undefined,
  networkError: (thrown, server) => {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    return new ConnectionError(`cannot reach ${server} (serverUrl): ${reason}`, 'connection_failed', { cause: thrown })
  },
}
