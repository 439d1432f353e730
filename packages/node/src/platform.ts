import { randomUUID } from 'node:crypto'
import { MAX_TIMER_MS, type Platform } from '@ironflow/core/runtime'
import { version } from '../package.json'
import { networkError } from './network-error'
import { openSocket } from './socket'

/** Node.js as core needs it. */
export const nodePlatform: Platform = {
  clientName: `node/${version}`,
  // Looked up at each call, so that a test or an agent that replaces the global is heard.
  fetch: (input, init) => globalThis.fetch(input, init),
  // An empty variable is how shells and containers say "not set".
  env: (name) => process.env[name] || undefined,
  now: () => Date.now(),
  random: () => Math.random(),
  uuid: () => randomUUID(),
  setTimer(callback, ms) {
    const timer = setTimeout(callback, Math.min(ms, MAX_TIMER_MS))
    return () => clearTimeout(timer)
  },
  openSocket,
  // Node.js has no event for a program that is put to sleep.
  lifecycle: () => () => undefined,
  networkError,
}
