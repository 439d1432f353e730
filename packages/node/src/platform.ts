import { randomUUID } from 'node:crypto'
import { MAX_TIMER_MS, type Platform } from '@ironflow/core/runtime'
import { version } from '../package.json'
import { env } from './env'
import { httpClient } from './http-client'
import { type Network, resolveNetwork } from './network'
import { networkError } from './network-error'
import { openSocket } from './socket'

/**
 * Returns Node.js as core needs it.
 *
 * @param network the way to the servers
 * @param serverSource how the client came to its `serverUrl`, for errors
 */
export function nodePlatform(network: Network = resolveNetwork({}), serverSource = 'serverUrl'): Platform {
  const proxy = network.proxy?.host
  return {
    clientName: `node/${version}`,
    fetch: httpClient(network),
    env,
    now: () => Date.now(),
    random: () => Math.random(),
    uuid: () => randomUUID(),
    setTimer(callback, ms) {
      const timer = setTimeout(callback, Math.min(ms, MAX_TIMER_MS))
      return () => clearTimeout(timer)
    },
    openSocket: (...socket) => openSocket(network, ...socket),
    // Node.js has no event for a program that is put to sleep.
    lifecycle: () => () => undefined,
    networkError: (thrown, server) => networkError(thrown, { server, source: serverSource, proxy }),
  }
}
