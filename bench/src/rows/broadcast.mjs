import { createClient } from '@ironflow/node'
import { startServer } from '../../../scripts/server-process.mjs'
import { clock, percentile } from '../clock.mjs'
import { sampleValue } from '../data.mjs'
import { untilQuiet } from '../quiet.mjs'
import { median } from '../table.mjs'
import { sampleFrame, startBareBroadcast } from '../watchers/bare-server.mjs'
import { startCrowd } from '../watchers/crowd.mjs'

const WATCHERS = 1000

/** One change to 1,000 watchers with a socket each, against `ws` that sends the same bytes to as many, and stores nothing. */
export async function broadcast({ seconds, rounds }) {
  const server = await startServer()
  const bare = await startBareBroadcast()
  const { url: serverUrl, apiKey } = server
  const client = createClient({ serverUrl, apiKey })
  const crowds = []
  try {
    const bucket = client.kv().bucket('crowd')
    const put = (n) => bucket.put('flag', sampleValue(n))
    const frame = await sampleFrame(serverUrl, apiKey, 'crowd', () => put(0))
    const post = () => fetch(bare.url, { method: 'POST', body: frame })
    crowds.push(await startCrowd('sdk', { serverUrl, apiKey, bucket: 'crowd', count: WATCHERS }))
    crowds.push(await startCrowd('bare', { url: bare.socketUrl, count: WATCHERS }))

    // Change by change in turns: whatever else the machine does for a moment disturbs both.
    const round = async () => {
      const [ours, theirs] = [[], []]
      await untilQuiet()
      for (let n = 0; n < seconds * 50; n += 1) {
        ours.push(await lastTold(crowds[0], () => put(n)))
        theirs.push(await lastTold(crowds[1], post))
      }
      return [percentile(ours, 0.99), percentile(theirs, 0.99)]
    }
    await round()
    const figures = []
    for (let n = 0; n < rounds; n += 1) figures.push(await round())
    const ratio = median(figures.map(([ours, theirs]) => ours / theirs))
    return [
      {
        name: 'one change to 1,000 watchers, write to last callback, p99',
        value: median(figures.map(([ours]) => ours)),
        unit: 'ms',
        against: `${median(figures.map(([, theirs]) => theirs)).toFixed(1)} ms of a bare ws broadcast`,
        ratio,
        target: '<= 2.0',
        pass: ratio <= 2,
      },
    ]
  } finally {
    await Promise.all(crowds.map((crowd) => crowd.stop()))
    await client.close()
    await bare.stop()
    await server.stop()
  }
}

/** Milliseconds from the start of a write until the last of a crowd was told of it. */
async function lastTold(crowd, write) {
  const told = crowd.next()
  const from = clock()
  const written = write()
  const ms = (await told) - from
  await written
  return ms
}
