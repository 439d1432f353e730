import { ConnectionError } from '@ironflow/core'
import { MAX_TIMER_MS, openWebSocket, type Platform } from '@ironflow/core/runtime'
import { version } from '../package.json'
import { globals } from './globals'
import { followPage } from './lifecycle'

/** A browser as core needs it. @param pauseWhenHidden whether a page that is hidden for 5 minutes disconnects */
export function browserPlatform(pauseWhenHidden: boolean): Platform {
  return {
    clientName: `browser/${version}`,
    // Looked up at each call, so that a test or an agent that replaces the global is heard.
    fetch: (input, init) => globals().fetch(input, init),
    env: () => undefined,
    now: () => Date.now(),
    random: () => Math.random(),
    uuid,
    setTimer,
    // What a browser sends with the upgrade is for the browser to say.
    openSocket: (url, protocols, _, events) => openWebSocket(globals().WebSocket, url, protocols, events),
    lifecycle: (listener) => followPage(globals(), { setTimer }, pauseWhenHidden, listener),
    // A browser does not tell a page why: it might learn something about a network that is not its own.
    networkError: (thrown, server) =>
      new ConnectionError(
        `cannot reach ${server}: it is down, or its corsOrigins lack ${globals().location?.origin}`,
        'connection_failed',
        { cause: thrown },
      ),
  }
}

function setTimer(callback: () => void, ms: number): () => void {
  const timer = setTimeout(callback, Math.min(ms, MAX_TIMER_MS))
  return () => clearTimeout(timer)
}

/** 128 random bits as hex digits. `crypto.randomUUID` is missing on pages that did not come by https. */
function uuid(): string {
  const bytes = globals().crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
