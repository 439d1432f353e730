import { createClient } from '@ironflow/node'
import { startServer } from '../../../scripts/server-process.mjs'
import { breakableProxy } from '../breakable-proxy.mjs'
import { clock } from '../clock.mjs'
import { fill, KEYS, keyOf } from '../data.mjs'
import { untilQuiet } from '../quiet.mjs'
import { median } from '../table.mjs'

const TARGET_MS = 1000
const PATIENCE_MS = 60_000
const CALL_EVERY_MS = 250
const MAX_ROUNDS = 3

/**
 * The network is gone for ten seconds while 10,000 keys change: how long until a watcher was told all of them. A program
 * that makes calls finds out from the first answer that the network is back; one that only watches, when its wait is over.
 */
export async function resync({ seconds, rounds }) {
  const cutMs = seconds < 6 ? 2000 : 10_000
  const calling = []
  const silent = []
  for (let n = 0; n < Math.min(rounds, MAX_ROUNDS); n += 1) {
    calling.push(await measure(cutMs, true))
    silent.push(await measure(cutMs, false))
  }
  const row = (name, figures) => {
    const value = median(figures)
    return {
      name: `in sync after a cut of ${cutMs / 1000} s, 10,000 keys changed: ${name}`,
      value,
      unit: 'ms',
      against: `${TARGET_MS} ms`,
      ratio: value / TARGET_MS,
      target: '<= 1',
      pass: value <= TARGET_MS,
    }
  }
  return [
    row(
      'since the network is back, in a program that makes calls',
      calling.map(({ sinceBack }) => sinceBack),
    ),
    row(
      'since the connection attempt, in one that only watches',
      silent.map(({ sinceAttempt }) => sinceAttempt),
    ),
    row(
      'since the network is back, in one that only watches',
      silent.map(({ sinceBack }) => sinceBack),
    ),
  ]
}

async function measure(cutMs, makesCalls) {
  const server = await startServer()
  const proxy = await breakableProxy(server.url)
  const client = createClient({ serverUrl: proxy.url, apiKey: server.apiKey })
  let calls
  try {
    await fill(server, 'users')
    const bucket = client.kv().bucket('users')
    const told = new Set()
    let onLive
    const onStatus = ({ state }) => state === 'live' && onLive?.()
    await bucket.watch({ onUpdate: ({ key, initial }) => !initial && told.add(key), onStatus }).ready
    await untilQuiet()

    await proxy.cut()
    // They fail while there is no network, which is what they are here for.
    if (makesCalls) calls = setInterval(() => bucket.get(keyOf(0)).catch(() => undefined), CALL_EVERY_MS)
    const over = new Promise((resolve) => setTimeout(resolve, cutMs))
    await fill(server, 'users')
    await over
    if (told.size > 0) throw new Error('the proxy was not cut')

    const live = new Promise((resolve, reject) => {
      onLive = () => resolve(clock())
      setTimeout(() => reject(new Error('the watcher did not come back')), PATIENCE_MS).unref()
    })
    const from = clock()
    await proxy.mend()
    const at = await live
    if (told.size !== KEYS) throw new Error(`${told.size} keys were told instead of ${KEYS}`)
    return { sinceBack: at - from, sinceAttempt: at - proxy.lastConnectionAt }
  } finally {
    clearInterval(calls)
    await client.close()
    await proxy.close()
    await server.stop()
  }
}
