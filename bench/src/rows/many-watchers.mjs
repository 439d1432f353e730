import { createClient } from '@ironflow/node'
import { startServer } from '../../../scripts/server-process.mjs'
import { clock, percentile } from '../clock.mjs'
import { keyOf } from '../data.mjs'
import { residentMb } from '../processes.mjs'
import { untilQuiet } from '../quiet.mjs'
import { startCrowd } from '../watchers/crowd.mjs'

const WATCHERS = 10_000
/** Each key of the bucket is watched by a hundred sockets, so each change reaches a hundred. */
const KEYS = 100
const CHANGES_PER_SECOND = 50
const TARGET_MB = 400
const TARGET_MS = 500
/** How many watch everything in the last row, where each change reaches all of them. */
const WIDE_WATCHERS = 1000

/**
 * 10,000 watchers, each with a socket of its own and a filter of one key, in two processes: the server's memory, and
 * how long changes take. Then fewer watchers of everything.
 */
export async function manyWatchers({ seconds }) {
  const narrow = await measure(seconds * 5, WATCHERS, (n) => keyOf(n % KEYS))
  const wide = await measure(seconds * 5, WIDE_WATCHERS, () => '>')
  return [
    {
      name: '10,000 watchers: memory of the server',
      value: narrow.peakMb,
      unit: 'MB',
      against: `${TARGET_MB} MB`,
      ratio: narrow.peakMb / TARGET_MB,
      target: '<= 1',
      pass: narrow.peakMb <= TARGET_MB,
    },
    {
      name: '10,000 watchers, 50 changes/s to 100 each: write to callback, p99',
      value: narrow.p99Ms,
      unit: 'ms',
      against: `${TARGET_MS} ms`,
      ratio: narrow.p99Ms / TARGET_MS,
      target: '<= 1',
      pass: narrow.p99Ms <= TARGET_MS,
    },
    {
      name: '1,000 watchers, 50 changes/s to all of them: write to callback, p99',
      value: wide.p99Ms,
      unit: 'ms',
      against: `${TARGET_MS} ms`,
      ratio: wide.p99Ms / TARGET_MS,
      target: 'report',
      pass: true,
    },
  ]
}

/** @param filterOf what the n-th watcher watches */
async function measure(seconds, watchers, filterOf) {
  const server = await startServer()
  const client = createClient({ serverUrl: server.url, apiKey: server.apiKey })
  const crowds = []
  try {
    const bucket = client.kv().bucket('crowd')
    for (let n = 0; n < KEYS; n += 1) await bucket.put(keyOf(n), { at: 0 })
    const filters = Array.from({ length: watchers }, (_, n) => filterOf(n))
    for (const half of [filters.slice(0, watchers / 2), filters.slice(watchers / 2)]) {
      const url = server.url.replace('http', 'ws')
      crowds.push(await startCrowd('sockets', { url, apiKey: server.apiKey, bucket: 'crowd', filters: half }))
    }
    await untilQuiet()
    const peak = peakMemory(server.pid)
    const reached = await change(bucket, seconds, filters)
    const took = await untilTold(crowds, reached)
    return { p99Ms: percentile(took, 0.99), peakMb: await peak.stop() }
  } finally {
    await Promise.all(crowds.map((crowd) => crowd.stop()))
    await client.close()
    await server.stop()
  }
}

/** Changes one key after the other at an even pace, whether or not the one before was told. Answers how many are to hear. */
async function change(bucket, seconds, filters) {
  const audience = new Map()
  for (const filter of filters) audience.set(filter, (audience.get(filter) ?? 0) + 1)
  const writes = []
  let reached = 0
  const from = clock()
  for (let n = 0; n < seconds * CHANGES_PER_SECOND; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, from + (n * 1000) / CHANGES_PER_SECOND - clock()))
    const key = keyOf(n % KEYS)
    writes.push(bucket.put(key, { at: clock() }))
    reached += (audience.get(key) ?? 0) + (audience.get('>') ?? 0)
  }
  await Promise.all(writes)
  return reached
}

/** How long each change took to each watcher, when so many were told; at most ten seconds after the last write. */
async function untilTold(crowds, count) {
  const took = []
  for (let tries = 0; took.length < count && tries < 100; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    for (const crowd of crowds) for (const ms of await crowd.ask('took')) took.push(ms)
  }
  if (took.length !== count) throw new Error(`watchers were told ${took.length} times instead of ${count}`)
  return took
}

function peakMemory(pid) {
  let peak = 0
  const look = async () => {
    peak = Math.max(peak, await residentMb(pid))
  }
  const timer = setInterval(look, 200)
  return {
    async stop() {
      clearInterval(timer)
      await look()
      return peak
    },
  }
}
