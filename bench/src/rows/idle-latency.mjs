import { once } from 'node:events'
import { createClient } from '@ironflow/node'
import WebSocket from 'ws'
import { startServer } from '../../../scripts/server-process.mjs'
import { clock, percentile } from '../clock.mjs'
import { sampleValue } from '../data.mjs'
import { untilQuiet } from '../quiet.mjs'
import { sampleFrame, startBareBroadcast } from '../watchers/bare-server.mjs'

const CHANGES = 500

/** One watcher, one change after the other: from the start of the write to the callback, against an echo of the same bytes. */
export async function idleLatency({ rounds }) {
  const server = await startServer()
  const bare = await startBareBroadcast()
  const client = createClient({ serverUrl: server.url, apiKey: server.apiKey })
  const socket = new WebSocket(bare.socketUrl, { perMessageDeflate: false })
  const opened = once(socket, 'open')
  try {
    const bucket = client.kv().bucket('idle')
    const put = (n) => bucket.put('flag', sampleValue(n))
    const frame = await sampleFrame(server.url, server.apiKey, 'idle', () => put(0))
    await opened

    let told = () => undefined
    await bucket.watch({ onUpdate: () => told() }, { updatesOnly: true }).ready
    const change = async (n) => {
      const from = clock()
      const heard = new Promise((resolve) => {
        told = () => resolve(clock() - from)
      })
      const written = put(n)
      const ms = await heard
      await written
      return ms
    }
    const echo = async () => {
      const from = clock()
      socket.send(frame)
      await once(socket, 'message')
      return clock() - from
    }

    for (let n = 0; n < CHANGES; n += 1) await change(n)
    await untilQuiet()
    const [ours, theirs] = [[], []]
    for (let n = 0; n < rounds * CHANGES; n += 1) {
      ours.push(await change(n))
      theirs.push(await echo())
    }
    const row = (name, share) => ({
      name: `one watcher, idle: write to callback, ${name}`,
      value: percentile(ours, share),
      unit: 'ms',
      against: `${percentile(theirs, share).toFixed(2)} ms of an echo by bare ws`,
      ratio: percentile(ours, share) / percentile(theirs, share),
      target: 'report',
      pass: true,
    })
    return [row('p50', 0.5), row('p99', 0.99)]
  } finally {
    socket.terminate()
    await client.close()
    await bare.stop()
    await server.stop()
  }
}
